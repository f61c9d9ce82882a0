// Preact and htm, which a script of its own has put into htmPreact.

export const { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } = htmPreact;
