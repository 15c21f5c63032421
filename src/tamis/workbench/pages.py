"""The pages as an application: one of Gradio a language, the files of jobs, and the way in."""

from __future__ import annotations

from collections.abc import Callable

from tamis.jobs import Jobs
from tamis.labelling import shelf_of
from tamis.serve.added import Added
from tamis.serve.lib import JSONResponse, RedirectResponse, Response, fastapi
from tamis.serve.service import Service
from tamis.workbench import files
from tamis.workbench.desk import Desk
from tamis.workbench.headed import Headed
from tamis.workbench.kept import Kept
from tamis.workbench.lib import gr
from tamis.workbench.options import WorkbenchOptions
from tamis.workbench.tabs import TABS
from tamis.workbench.tabs.labels import exports
from tamis.workbench.uploads import refusing
from tamis.workbench.words import LANGUAGES, Language, preferred, said, web

CLEARED = (3600, 86400)  # seconds: how often uploads are looked through, and how old they become
AT_ONCE = 16  # events of one kind
SANS = ["system-ui", "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]


def pages(
    service: Service,
    jobs: Jobs,
    added: Added,
    options: WorkbenchOptions,
    *,
    path: str,
    may_exchange: Callable[[str], bool],
) -> fastapi.FastAPI:
    """The pages below ``path``.

    Args:
        service: what the server can do.
        jobs: long work.
        added: models and policies beside the configuration.
        options: how the workbench works.
        path: where the pages stand.
        may_exchange: whether a key's holder may exchange models and policies.
    """
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def home(request: fastapi.Request) -> RedirectResponse:
        return RedirectResponse(f"{path}/{preferred(dict(request.headers))}/")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(web("icon.svg"), media_type="image/svg+xml")

    @app.get("/manifest.json")
    def manifest() -> JSONResponse:
        return JSONResponse({"name": "tamis", "start_url": f"{path}/", "display": "browser", "icons": []})

    app.include_router(files.router(jobs))
    app.include_router(exports.router(shelf_of(added.folder / "labelling")))
    app.add_middleware(Headed, path=path)
    kept = Kept(added.folder / "visitors")
    for language in LANGUAGES:
        desk = Desk(service, jobs, language, path, kept, added, may_exchange, options.rows)
        gr.mount_gradio_app(
            app, blocks(desk), f"/{language}", footer_links=[], run_history=False, show_error=True, ssr_mode=False,
            max_file_size=options.upload, theme=theme(), css=web("style.css"), mcp_server=False, pwa=False,
            head=refusing(language, options.upload), enable_monitoring=False, app_kwargs={"openapi_url": None},
        )  # fmt: skip
    return app


def blocks(desk: Desk) -> gr.Blocks:
    """One page, in its language."""
    page: gr.Blocks
    with gr.Blocks(title="tamis", analytics_enabled=False, fill_width=True, delete_cache=CLEARED) as page:
        heading = gr.HTML(_heading(desk), elem_id="heading")
        desk.opened(lambda: _heading(desk), heading)  # policies and models change while the server runs
        with gr.Tabs(elem_id="tabs"):
            for name, fill in TABS.items():
                with gr.Tab(said(f"{name}.tab", desk.language), id=name, elem_id=f"tab-{name}"):
                    fill(desk)
    page.queue(default_concurrency_limit=AT_ONCE, api_open=False)
    for function in page.fns.values():
        function.api_visibility = "private"
    return page


def theme() -> gr.themes.Base:
    """Plain, with the fonts that the reader's machine has."""
    return gr.themes.Default(
        primary_hue="teal", neutral_hue="slate", font=SANS, font_mono=["ui-monospace", "monospace"]
    )


def _heading(desk: Desk) -> str:
    other: Language = "zh" if desk.language == "en" else "en"
    words = desk.words("page")
    model = desk.service.models.default
    policy = desk.service.policies.active or words("no_policy")
    return (
        f'<div class="t-heading"><strong>tamis</strong><span>{words("lead")}</span>'
        f'<span class="t-now">{words("model")} <code>{model}</code> · {words("policy")} <code>{policy}</code></span>'
        f'<a class="t-other" href="{desk.path}/{other}/">{words("other")}</a></div>'
    )
