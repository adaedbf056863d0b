"""Plots: first numbers from the ledger (read only), then a drawing in SVG or characters for a terminal. Faces and the lab's
pages use them; nothing here decides anything. SVG is written by hand, so that pictures cost no dependency.

kinds.py           what becomes of an experiment: words, a shape, a character, a colour
axes.py            scales, ticks, limits
theme.py           light and dark colours, as a stylesheet
svg.py             a drawing, and what all drawings share: title, axes, legend
png.py             the door to resvg
tried.py           every experiment as a light row
stairs.py          the head's staircase: merges, reverts, stacks, new roots
cells.py           a grid of coloured characters
grid_text.py       axes and dots in characters

progress.py        a dot per experiment, the staircase, noise, fresh seeds; progress_svg.py, progress_text.py
effects.py         the forest plot; effects_svg.py, effects_text.py
compute.py         loss against compute with the baseline's curve; compute_svg.py, compute_text.py
devices.py         who was on which device, why nobody was; devices_svg.py, devices_text.py
"""
