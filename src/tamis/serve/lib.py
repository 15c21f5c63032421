"""The packages of ``tamis[serve]``, asked for once: the server takes their names from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tamis.extras import require

if TYPE_CHECKING:
    import fastapi as fastapi
    import limits as limits
    import limits.aio.storage
    import limits.aio.strategies
    import prometheus_client as prometheus
    import pydantic as pydantic
    import structlog as structlog
    import uvicorn as uvicorn
    from fastapi.exceptions import RequestValidationError as RequestValidationError
    from fastapi.responses import FileResponse as FileResponse
    from fastapi.responses import HTMLResponse as HTMLResponse
    from fastapi.responses import JSONResponse as JSONResponse
    from fastapi.responses import RedirectResponse as RedirectResponse
    from fastapi.responses import Response as Response
    from fastapi.responses import StreamingResponse as StreamingResponse
    from prometheus_client.core import CounterMetricFamily as CounterMetricFamily
    from prometheus_client.core import GaugeMetricFamily as GaugeMetricFamily
    from prometheus_client.core import HistogramMetricFamily as HistogramMetricFamily
    from starlette.exceptions import HTTPException as HTTPException
    from starlette.middleware.cors import CORSMiddleware as CORSMiddleware
else:
    fastapi, pydantic, structlog, uvicorn = map(require, ("fastapi", "pydantic", "structlog", "uvicorn"))
    prometheus = require("prometheus_client")
    CounterMetricFamily = require("prometheus_client.core").CounterMetricFamily
    GaugeMetricFamily = require("prometheus_client.core").GaugeMetricFamily
    HistogramMetricFamily = require("prometheus_client.core").HistogramMetricFamily
    limits = require("limits")
    require("limits.aio.storage"), require("limits.aio.strategies")
    RequestValidationError = require("fastapi.exceptions").RequestValidationError
    _answers = require("fastapi.responses")
    FileResponse, HTMLResponse, JSONResponse = _answers.FileResponse, _answers.HTMLResponse, _answers.JSONResponse
    RedirectResponse, Response = _answers.RedirectResponse, _answers.Response
    StreamingResponse = require("fastapi.responses").StreamingResponse
    HTTPException = require("starlette.exceptions").HTTPException
    CORSMiddleware = require("starlette.middleware.cors").CORSMiddleware

__all__ = [
    "CORSMiddleware",
    "CounterMetricFamily",
    "FileResponse",
    "GaugeMetricFamily",
    "HTMLResponse",
    "HTTPException",
    "HistogramMetricFamily",
    "JSONResponse",
    "RedirectResponse",
    "RequestValidationError",
    "Response",
    "StreamingResponse",
    "fastapi",
    "limits",
    "prometheus",
    "pydantic",
    "structlog",
    "uvicorn",
]
