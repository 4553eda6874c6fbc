"""Networks of the real kinds, tiny and random, saved as their publishers save them."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapTextConfig,
    ClapTextModelWithProjection,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Model,
    RobertaTokenizer,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def _bytes() -> dict[str, int]:
    """A vocabulary of single bytes, written as GPT-2 writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [chr(256 + place) for place in range(256 - len(plain))]
    return {token: place for place, token in enumerate([*_SPECIAL, *map(chr, plain), *others])}


def roberta() -> RobertaTokenizer:
    return RobertaTokenizer(vocab=_bytes(), merges=[], model_max_length=77)


def clap_config() -> ClapConfig:
    text = ClapTextConfig(
        vocab_size=300,
        hidden_size=8,
        intermediate_size=16,
        num_attention_heads=1,
        num_hidden_layers=1,
        projection_dim=16,
        max_position_embeddings=80,
    )
    sound = ClapAudioConfig(
        spec_size=64,
        window_size=4,
        num_mel_bins=16,
        depths=[1, 1],
        num_attention_heads=[1, 1],
        num_hidden_layers=2,
        hidden_size=16,
        patch_embeds_hidden_size=8,
        patch_size=4,
        patch_stride=[4, 4],
        projection_dim=16,
        enable_fusion=False,
    )
    return ClapConfig(text_config=text.to_dict(), audio_config=sound.to_dict(), projection_dim=16)


def extractor() -> ClapFeatureExtractor:
    return ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=16_000,
        hop_length=320,
        max_length_s=4,
        frequency_max=8000,
        truncation="rand_trunc",
    )


def clap(folder: Path) -> Path:
    torch.manual_seed(1)
    ClapModel(clap_config()).save_pretrained(folder)
    roberta().save_pretrained(folder)
    extractor().save_pretrained(folder)
    return folder


def _shared() -> dict[str, Any]:
    from diffusers import AutoencoderKL, DDIMScheduler  # noqa: PLC0415 - an optional extra

    vocoder = SpeechT5HifiGanConfig(
        model_in_dim=64,
        sampling_rate=16_000,
        upsample_initial_channel=16,
        upsample_rates=[5, 4, 8],
        upsample_kernel_sizes=[10, 8, 16],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        normalize_before=False,
    )
    vae = AutoencoderKL(
        in_channels=1,
        out_channels=1,
        block_out_channels=(8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        norm_num_groups=8,
        scaling_factor=0.9,
    )
    scheduler = DDIMScheduler(
        beta_start=0.0015,
        beta_end=0.0195,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    sound = SpeechT5HifiGan(vocoder)
    for weight in sound.parameters():  # as they are initialized, nothing can be heard
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    return {"vae": vae, "scheduler": scheduler, "vocoder": sound, "tokenizer": roberta()}


def audioldm(folder: Path) -> Path:
    from diffusers import AudioLDMPipeline, UNet2DConditionModel  # noqa: PLC0415

    torch.manual_seed(2)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=(8, 16),
        attention_head_dim=4,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=16,
        class_embeddings_concat=True,
    )
    text = ClapTextModelWithProjection(clap_config().text_config)
    AudioLDMPipeline(unet=unet, text_encoder=text, **_shared()).save_pretrained(folder)
    return folder


def audioldm2(folder: Path, *, continues: bool = True) -> Path:
    """AudioLDM 2; early repositories name a GPT-2 that cannot continue by itself."""
    from diffusers import (  # noqa: PLC0415
        AudioLDM2Pipeline,
        AudioLDM2ProjectionModel,
        AudioLDM2UNet2DConditionModel,
    )

    torch.manual_seed(3)
    unet = AudioLDM2UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=(8, 16),
        attention_head_dim=4,
    )
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    pieces += [(letter, -2.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    sizes = GPT2Config(
        n_embd=16, n_head=1, n_layer=1, vocab_size=40, n_positions=120, bos_token_id=0, eos_token_id=0
    )
    sizes.max_new_tokens = 8
    language = GPT2LMHeadModel(sizes) if continues else GPT2Model(sizes)
    t5 = T5Config(
        vocab_size=130, d_model=8, d_kv=4, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0, eos_token_id=1
    )
    AudioLDM2Pipeline(
        unet=unet,
        text_encoder=ClapModel(clap_config()),
        text_encoder_2=T5EncoderModel(t5),
        projection_model=AudioLDM2ProjectionModel(
            text_encoder_dim=16, text_encoder_1_dim=8, langauge_model_dim=16
        ),
        language_model=language,
        tokenizer_2=T5Tokenizer(vocab=pieces, model_max_length=77),
        feature_extractor=extractor(),
        **_shared(),
    ).save_pretrained(folder)
    return folder
