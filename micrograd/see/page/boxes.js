// The picture as SVG: frames, lines, chips, boxes.

function Link({ link, parts, came, isHidden, isLit }) {
  const carries = parts.length > 0;
  return html`<g class=${`link${carries ? " carries" : ""}${isLit ? " lit" : ""}`}>
    <path d=${link.path} class="line" marker-end="url(#arrow)" />
    ${carries && html`<path d=${link.path} class="dashes" />`}
    ${carries && html`<${Chip} x=${link.x} y=${link.y} text=${isHidden ? "+ ?" : chipText(parts)} />`}
    ${!carries && came.length > 0 && html`<${Chip} x=${link.x} y=${link.y} text=${chipText(came)} kind="came" />`}
  </g>`;
}

function Chip({ x, y, text, kind = "chip" }) {
  const width = text.length * CHAR + 14;
  return html`<g class=${kind}>
    <rect x=${x - width / 2} y=${y - 11} width=${width} height="22" rx="11" />
    <text x=${x} y=${y + 4} text-anchor="middle">${text}</text>
  </g>`;
}

function Box({ box, grad, state, isChosen, onChoose, onOpen, onHover }) {
  const { x, y, inner, height, left, middle, badge } = box, textX = x + box.indent;
  const kind = box.isConstant ? "constant" : box.isGroup ? "group" : "value";
  const says = box.isConstant ? `${box.title} ${box.lines > 1 ? box.data : ""}` : box.isGroup ? `${box.title} ${box.data}, closed` : `${box.title} ${box.data} grad ${grad} ${box.sign}`;
  return html`<g id=${`box-${box.id}`} class=${`box ${kind} ${state}${isChosen ? " chosen" : ""}`} role="option"
      aria-selected=${String(isChosen)} aria-label=${`${says}${WORDS[state]}`}
      onClick=${() => (box.isGroup ? onOpen(box) : onChoose(box.id))}
      onMouseEnter=${() => onHover(box.id)} onMouseLeave=${() => onHover(null)}>
    ${box.title !== cut(box.title) && html`<title>${box.title}</title>`}
    ${box.isGroup && html`<rect class="shade" x=${x + 4} y=${y + 4} width=${inner} height=${height} rx="7" />`}
    <rect class="frame" x=${x} y=${y} width=${inner} height=${height} rx=${box.isConstant ? 12 : 7} />
    <text class="name" x=${box.lines > 1 ? textX : x + inner / 2} y=${y + (box.lines > 1 ? 20 : 18)}
      text-anchor=${box.lines > 1 ? "start" : "middle"}>${cut(box.title)}</text>${" "}
    ${box.lines > 1 && html`<text class="data" x=${textX} y=${y + 20 + ROW}>${box.data}</text>`}${" "}
    ${box.lines > 2 && html`<text class="grad" x=${textX} y=${y + 20 + 2 * ROW}>${`grad ${grad}`}</text>`}${" "}
    ${badge > 0 && html`<rect class="badge" x=${left} y=${middle - 14} width=${badge} height="28" rx="14" />
      <text class="sign" x=${left + badge / 2} y=${middle + 5} text-anchor="middle">${box.sign}</text>`}
  </g>`;
}

const WORDS = { none: "", has: "", at: ", this step", gets: ", receives in this step" };

function Picture({ graph, plan, layout, view, current, grads, hidden, chosen, hovered, on, uses, count }) {
  const getting = new Map();
  for (const part of current?.parts ?? []) getting.set(plan.boxOf[part.input], true);
  const stateOf = box => {
    if (current && box.id === current.box) return "at";
    if (getting.has(box.id)) return "gets";
    return box.node >= 0 && grads[box.node] !== null ? "has" : "none";
  };
  const isLit = link => [chosen, hovered].some(id => id && (id === link.from || id === link.to));
  // What a value that is used more than once got in earlier steps stands beside what it gets now.
  const cameTo = link => {
    const box = layout.boxes.get(link.from);
    if (box.node < 0 || uses[box.node] < 2 || !(isLit(link) || ["at", "gets"].includes(stateOf(box)))) return [];
    return partsTo(plan, box.node).filter(part => part.at < count - 1 && link.edges.has(part.edge));
  };
  const gradOf = box => {
    if (box.node < 0) return "";
    return hidden && getting.has(box.id) ? "?" : gradText(graph, box.node, grads[box.node]);
  };
  return html`<svg class="picture" viewBox=${`0 0 ${view.width} ${view.height}`} role="listbox" tabindex="0"
      aria-label="The graph. Up and down choose a value." aria-activedescendant=${chosen ? `box-${chosen}` : null}
      onKeyDown=${on.key} onPointerDown=${on.grab} onPointerMove=${on.drag} onPointerUp=${on.drop} ref=${on.ref}>
    <defs aria-hidden="true"><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
      <path d="M0,0L8,4L0,8z" /></marker></defs>
    <g transform=${`translate(${view.x} ${view.y}) scale(${view.k})`} role="presentation">
      ${layout.frames.map(frame => html`<g class="open" key=${`f${frame.group}`} aria-hidden="true" onClick=${() => on.close(frame.group)}>
        <rect x=${frame.left} y=${frame.top} width=${frame.width} height=${frame.height} rx="9" />
        <text x=${frame.left + 8} y=${frame.top + 11}>${`− ${graph.groups[frame.group].name}`}</text></g>`)}
      <g aria-hidden="true">${layout.links.filter(link => !link.isAside || isLit(link)).map(link => html`<${Link} key=${link.key}
        link=${link} parts=${current ? current.parts.filter(part => link.edges.has(part.edge)) : []} came=${cameTo(link)} isHidden=${hidden} isLit=${isLit(link)} />`)}</g>
      ${[...layout.boxes.values()].map(box => html`<${Box} key=${box.id} box=${box} state=${stateOf(box)} grad=${gradOf(box)}
        isChosen=${box.id === chosen} onChoose=${on.choose} onOpen=${on.open} onHover=${on.hover} />`)}
    </g>
  </svg>`;
}
