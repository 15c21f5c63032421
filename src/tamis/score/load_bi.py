"""From the folder of a bi-encoder, as Hugging Face or sentence-transformers write it, to an encoder."""

from __future__ import annotations

from tamis.errors import InputError, ModelError
from tamis.score.bi import BiEncoder
from tamis.score.engine import Engine
from tamis.score.families import FAMILIES
from tamis.score.folder import REPORT, ModelFolder
from tamis.score.load_cross import FEW_BITS, Options
from tamis.score.onnx_engine import PLACES, graph, load_onnx
from tamis.score.text_template import TextTemplate, prefixes_of

WINDOW = 8192  # where neither tokenizer nor positions set a limit

# An architecture is a row: the body that reads its checkpoints, in ``nets.build.BODIES``. Of language models all but
# what predicts words is read.
BI_ENCODERS: dict[str, str] = {
    "BertModel": "bert-body",
    "BertForMaskedLM": "bert-body",
    "BertForPreTraining": "bert-body",
    "ElectraModel": "electra-body",
    "ElectraForPreTraining": "electra-body",
    "RobertaModel": "roberta-body",
    "RobertaForMaskedLM": "roberta-body",
    "CamembertModel": "roberta-body",
    "CamembertForMaskedLM": "roberta-body",
    "XLMRobertaModel": "roberta-body",
    "XLMRobertaForMaskedLM": "roberta-body",
    "ModernBertModel": "modernbert-body",
    "ModernBertForMaskedLM": "modernbert-body",
    "Qwen2Model": "decoder-body",
    "Qwen2ForCausalLM": "decoder-body",
    "Qwen3Model": "decoder-body",
    "Qwen3ForCausalLM": "decoder-body",
}


def bi_family(folder: ModelFolder) -> str:
    """The row of ``nets.build.BODIES`` for a folder.

    Raises:
        ModelError: it is no bi-encoder, or one of an architecture or a form that is not implemented.
    """
    if folder.architecture not in BI_ENCODERS:
        raise ModelError(
            f"{folder.path}: architecture {folder.architecture!r} is not supported as an encoder of single texts; "
            f"supported are {', '.join(BI_ENCODERS)}"
        )
    if scores_pairs(folder):
        raise ModelError(f"{folder.path}: its modules end in a score: it is a cross-encoder, not an encoder of texts")
    row = BI_ENCODERS[folder.architecture]
    if row == "decoder-body" and folder.config.get("is_causal") is False:
        raise ModelError(f"{folder.path}: a decoder made to look both ways (is_causal: false) is not implemented")
    kinds = [module.kind for module in folder.modules[1:]]
    if folder.settings.get("similarity_fn_name") not in (None, "cosine") and "Normalize" not in kinds:
        raise ModelError(
            f"{folder.path}: its vectors are compared by {folder.settings['similarity_fn_name']!r}, and their lengths "
            "count; only the cosine of unit vectors is implemented"
        )
    return row


def scores_pairs(folder: ModelFolder) -> bool:
    """Whether sentence-transformers modules make a cross-encoder: the folder says so, or they end in one number."""
    heads = [at for at, module in enumerate(folder.modules) if module.kind == "Dense"]
    narrow = bool(heads) and folder.module_settings(heads[-1]).get("out_features") == 1
    ends = bool(folder.modules) and folder.modules[-1].kind == "LogitScore"
    return folder.settings.get("model_type") == "CrossEncoder" or narrow or ends


def is_bi_encoder(folder: ModelFolder) -> bool:
    """Whether sentence-transformers modules make vectors of single texts: they pool, and do not end in a score.

    A bare Hugging Face body is none: as a reranker it may be one whose head was lost.
    """
    pools = any(module.kind == "Pooling" for module in folder.modules)
    return pools and not scores_pairs(folder)


def encodes_texts(folder: ModelFolder) -> bool:
    """Whether a folder is exported as a bi-encoder: its modules say so, or no reranker has its architecture."""
    row = FAMILIES.get(folder.architecture)
    bare = not folder.modules and folder.architecture in BI_ENCODERS and (row is None or row.kind == "modules")
    return bare or is_bi_encoder(folder)


def dimension_of(folder: ModelFolder) -> int:
    """Length of a folder's vectors: of its last Dense module, or of its hidden states."""
    sizes = [folder.module_settings(at).get("out_features") for at, m in enumerate(folder.modules) if m.kind == "Dense"]
    found = sizes[-1] if sizes else folder.config.get("hidden_size")
    if not isinstance(found, int):
        raise ModelError(f"{folder.base / 'config.json'}: expected it to state 'hidden_size', got {found!r}")
    return found


def text_template(folder: ModelFolder) -> TextTemplate:
    """The template of a folder's texts: its tokenizer, window and prompts.

    Raises:
        ModelError: there is no tokenizer, or one that cannot be read.
    """
    blank = next((i for i in (folder.config.get(n) for n in ("eos_token_id", "pad_token_id")) if isinstance(i, int)), 0)
    return TextTemplate(folder.tokens(), min(folder.window, WINDOW), prefixes_of(folder.settings), blank=blank)


def load_bi(folder: ModelFolder, options: Options) -> BiEncoder:
    """The encoder of a folder; without a dtype it is fp32 on every device, so that all vectors of an index agree.

    Raises:
        ModelError: the architecture is not supported, or weights, tokenizer or graph are missing or do not fit.
        InputError: an option has a value the model cannot honour.
        MissingExtraError: the engine needs a package that is not installed.
    """
    row, template = bi_family(folder), text_template(folder)
    if options.template != "auto":
        raise InputError(f"template={options.template!r}: an encoder's prefixes are those of its folder")
    engine: Engine
    if _runs_graph(folder, options):
        options.refuse("an ONNX graph", engine=("onnx",), device=("cpu",), dtype=tuple(PLACES))
        engine = load_onnx(folder, options.dtype)
        if not engine.packs:
            raise ModelError(
                f"{folder.path}: its graph gives no vectors of texts that tamis knows; make one with: "
                f"tamis export {folder.path}, or use engine='torch'"
            )
    else:
        from tamis.score.torch_engine import load_torch_encoder

        engine = load_torch_encoder(folder, row, options.device, options.dtype)
    return BiEncoder(template, engine, dimension_of(folder), folder.digest)


def _runs_graph(folder: ModelFolder, options: Options) -> bool:
    if options.engine != "auto":
        return options.engine == "onnx"
    if options.dtype in FEW_BITS:
        return True
    fits = options.device in ("auto", "cpu") and options.dtype in ("auto", "float32")
    return fits and (folder.path / REPORT).is_file() and graph(folder, options.dtype) is not None
