"""`org`: the table of verbs. A verb's file is imported when the verb is called, so that `org --help` stays fast."""

import difflib
import importlib
import sys
import traceback

import click

from org.model.errors import OrgError

# verb → (module, what it does); in the order in which a person meets them.
VERBS: dict[str, tuple[str, str]] = {
    "init": ("init", "Make a lab of this or another repository: config, roles, prompts."),
    "doctor": ("doctor", "What would keep a lab from a good night, each with its fix."),
    "start": ("start", "Start the lab, or apply an edited config; brings back whatever died."),
    "attach": ("attach", "Open the grid in this terminal."),
    "stop": ("stop", "Stop the lab; --drain lets running runs finish."),
    "status": ("status", "Agents, devices, open experiments, questions."),
    "devices": ("devices", "What each device does, why one idles, and a timeline."),
    "results": ("results", "Experiments and their verdicts."),
    "show": ("show", "One experiment's notebook page."),
    "explain": ("explain", "A verdict to check by hand: runs, looks, arithmetic, what would change it."),
    "continue": ("continue_", "Race a parked experiment on for so many more runs."),
    "log": ("log", "What happened, newest last."),
    "tail": ("tail", "The output of an experiment's or a run's newest run."),
    "wait": ("wait", "Wait for a verdict, a merge or a standup."),
    "standup": ("standup", "The latest standup; `org standup now` asks for one."),
    "noise": ("noise", "Where run-to-run noise comes from: data order, initialization, device."),
    "promote": ("promote", "Run merged changes on a larger rung of the ladder; what that costs and buys."),
    "stack": ("stack", "Merges measured together on the lab's head; --list shows what is in it."),
    "ablate": ("ablate", "What each part of a change does: each left out alone."),
    "revert": ("revert", "Take a merge out of the head again, and measure what is lost."),
    "root": ("root", "Make a commit of yours what the lab, or one program, stands on."),
    "certify": ("certify", "Test merges on fresh seeds: what will be reported."),
    "findings": ("findings", "What may be claimed, with the certified numbers."),
    "plot": ("plot", "Progress, effects, compute or devices as a picture, here or as SVG or PNG."),
    "report": ("report", "What a span of time brought, as Markdown or as one HTML file."),
    "publish": ("publish", "A finding as a folder: patch, card, plot, a script that reproduces it."),
    "export": ("export", "The ledger as Parquet files with a data dictionary."),
    "plan": ("plan", "Before spending: what a night buys, and the first limit."),
    "dashboard": ("dashboard", "The dashboard."),
    "watch": ("watch", "Watch an agent's pane without being able to type."),
    "takeover": ("takeover", "Take an agent's pane over; its mail and proposals are held."),
    "handback": ("handback", "Hand an agent's pane back."),
    "program": ("program", "Programs: new, list, show, assign, pause, resume, close."),
    "steer": ("steer", "Direct a program or an agent; without words, what is in force."),
    "idea": ("idea", "Add an idea to the backlog; without words, list it."),
    "brief": ("brief", "Where an agent stands: program, noise, what was tried, what to type next."),
    "lessons": ("lessons", "What was learned; keep a lesson of a verdict."),
    "propose": ("propose", "Propose the committed change of your worktree as an experiment."),
    "next": ("next", "Start your next branch at your program's head."),
    "try": ("try_", "An uncounted run of your worktree on a device."),
    "sweep": ("sweep", "Sweep recipe values with short uncounted runs; nothing of it is kept."),
    "withdraw": ("withdraw", "Take an open experiment of yours back."),
    "approve": ("approve", "Let a proposal run (when config asks for review)."),
    "refuse": ("refuse", "Refuse a proposal (when config asks for review)."),
    "cancel": ("cancel", "Stop an experiment."),
    "veto": ("veto", "Forbid an experiment, with a reason."),
    "pause": ("pause", "Pause the lab, a program, or an agent."),
    "resume": ("resume", "Go on after a pause."),
    "send": ("send", "Send a message to an agent or to human."),
    "inbox": ("inbox", "Read your messages."),
    "reply": ("reply", "Answer a message or a question."),
    "ask": ("ask", "Ask the person; never blocks."),
    "adopt": ("adopt", "Merged changes as patches with their evidence, for another repository."),
    "prompt": ("prompt", "What an agent is given: its role, brief and directions."),
    "gc": ("gc", "Remove checkpoints and snapshots that nothing needs."),
    "supervise": ("supervise", "The supervisor itself (the office window runs it)."),
    "pane": ("pane", "An agent's pane (the grid runs it)."),
}
HIDDEN = frozenset({"supervise", "pane"})


class Verbs(click.Group):
    """A group that knows its verbs by name and imports one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"org.cli.{VERBS[name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS:
            near = difflib.get_close_matches(args[0], VERBS, 1)
            hint = f"did you mean `org {near[0]}`?" if near else "`org --help` lists the verbs"
            raise click.UsageError(f"no verb {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items() if name not in HIDDEN])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config", metavar="PATH", help="The lab's config (or ORG_LAB); default: found upward.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="research-org")
@click.pass_context
def org(ctx: click.Context, config: str | None, debug: bool) -> None:
    """A research lab in a terminal: agents propose changes, the lab decides what they are worth."""
    ctx.obj = {"config": config, "debug": debug}


def main() -> None:
    """Exit 0 done, 1 refused or failed, 2 bad usage or config."""
    debug = "--debug" in sys.argv
    try:
        org(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OrgError as error:
        if debug:
            raise
        click.echo(f"org: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # a home of a broad except, like the supervisor's step
        if debug:
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        click.echo(
            f"org: unexpected {type(error).__name__}: {error} ({where.filename.rsplit('/', 1)[-1]}:{where.lineno}); "
            "`org --debug …` shows where", err=True,
        )  # fmt: skip
        sys.exit(1)


if __name__ == "__main__":
    main()
