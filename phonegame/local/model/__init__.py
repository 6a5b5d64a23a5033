"""A model server that speaks OpenAI's and Anthropic's protocols, on this machine and without an account or a model."""

from phonegame.local.model.config import MODEL, ModelConfig
from phonegame.local.model.record import Asked
from phonegame.local.model.script import Answer, Call, Script
from phonegame.local.model.service import ModelService, serve_model

__all__ = ["MODEL", "Answer", "Asked", "Call", "ModelConfig", "ModelService", "Script", "serve_model"]
