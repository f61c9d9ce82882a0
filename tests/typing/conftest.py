"""The programs here are for type checkers; a test runs them, and pytest need not look
for doctests in them.
"""

collect_ignore = ["programs"]
