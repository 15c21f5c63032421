"""Label: the pairs that decide a promise, judged by several people with a key each, and what comes of it."""

from __future__ import annotations

from tamis.labelling import shelf_of
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.tabs.labels.annotating import Annotating
from tamis.workbench.tabs.labels.founding import Founding
from tamis.workbench.tabs.labels.managing import Managing
from tamis.workbench.tabs.labels.projects import Projects

EVERY = 5.0  # seconds between two looks at what others do


def fill(desk: Desk) -> None:
    """The tab's parts, and what happens."""
    words, shelf = desk.words("labels"), shelf_of(desk.added.folder / "labelling")
    gr.Markdown(words("lead"))
    chosen = gr.Dropdown([], label=words("project"), visible=False, elem_id="labels-project")
    said = gr.HTML(elem_id="labels-said")
    with gr.Column(visible=False, elem_id="labels-work") as work:
        annotating = Annotating.placed(desk, shelf)
        with gr.Accordion(words("standing"), open=False, elem_id="labels-standing") as fold:
            stands = gr.HTML(elem_id="labels-stands")
    managing = Managing.placed(desk, shelf, chosen)
    with gr.Accordion(words("join"), open=False, elem_id="labels-join") as entrance, gr.Row(elem_classes="t-row"):
        code = gr.Textbox(label=words("code"), max_lines=1, max_length=200, elem_id="labels-code")
        name = gr.Textbox(label=words("name"), info=words("name_info"), max_lines=1, elem_id="labels-name")
        join = gr.Button(words("join_run"), variant="primary", elem_id="labels-join-run")
    with gr.Accordion(words("new"), open=False, elem_id="labels-new") as new:
        founding = Founding.placed(desk, shelf)
    clock, unfolded, seen = gr.Timer(EVERY), gr.State(False), gr.State(None)
    projects = Projects(desk, shelf, chosen, work, annotating, founding, managing, stands, seen)
    inside, result = projects.inside, founding.watching.outputs[2]

    # Values that the server sets are no input: what changes the project fills its parts itself, seen or not.
    desk.opened(projects.begin, [said, founding.fields["name"], name, new, *inside])
    chosen.input(desk.told(projects.enter), chosen, inside, show_progress="hidden")
    for ask in (join.click, code.submit, name.submit):
        ask(
            desk.told(projects.joined), [code, name], [said, code, entrance, *inside], show_progress="hidden",
            trigger_mode="once",
        )  # fmt: skip
    result.change(desk.told(projects.made), None, [said, *inside], show_progress="hidden")
    sure, remove = managing.fields["sure"], managing.fields["remove"]
    remove.click(desk.told(projects.removed), [chosen, sure], [said, *inside], show_progress="hidden")
    now = [chosen, annotating.given, unfolded, seen]
    clock.tick(desk.told(projects.looked), now, inside, show_progress="hidden")
    fold.expand(desk.told(projects.unfolded), [chosen, seen], [unfolded, stands, seen], show_progress="minimal")
    fold.collapse(lambda: False, None, unfolded, show_progress="hidden")
