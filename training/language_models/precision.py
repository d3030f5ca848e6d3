"""The number format of matrix products, and the wider one of trained weights and the residual stream."""

import torch

FORMATS = {"bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The format by its name in FORMATS; ``auto`` is bfloat16 where the device multiplies it natively, else float32."""
    if name != "auto":
        return FORMATS[name]
    return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are native: about twice as fast as float32, in half the memory."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def master_dtype(dtype: torch.dtype) -> torch.dtype:
    """The format of trained weights and of the residual stream beside such products: fp64 under fp64, else fp32."""
    return torch.float64 if dtype == torch.float64 else torch.float32
