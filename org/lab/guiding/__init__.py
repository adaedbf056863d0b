"""What agents are told: their page, their next step, a direction, a warning.

prompting.py  the page an agent is given: role, brief, directions
situation.py  org brief of an agent
overview.py   … and of the chief
next_step.py  what an agent types next
decisions.py  which decisions wait for the chief, and which for a person
digests.py    letters to a chief with a model
steering.py   a person's direction, to whom it reaches
idling.py     idle with work: told what to do next, boundedly
grinding.py   always the same surface, or the same refusal: told once
troubles.py   agents that a provider's error stopped, or that wait for a person
"""
