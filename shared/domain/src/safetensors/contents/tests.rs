use super::*;

fn of(tensors: &[(&str, u64)]) -> Contents {
    super::of(tensors, &BTreeMap::new())
}

fn lora(base: BaseModel) -> Contents {
    Contents::Lora(Some(base))
}

/// Names as they stand in published files of each trainer.
#[test]
fn each_trainers_names_of_flux_are_flux() {
    let files: [&[(&str, u64)]; 12] = [
        &[
            ("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", 3072),
            ("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", 3072),
        ],
        &[("lora_unet_single_blocks_37_linear1.lora_up.weight", 21504)],
        &[("lora_unet_single_blocks_7_linear2.hada_w1_a", 3072)],
        &[
            ("lora_unet_double_blocks_18_txt_mod_lin.lokr_w1", 16),
            ("lora_te3_encoder_block_0_layer_0_SelfAttention_k.alpha", 1),
        ],
        &[("transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight", 3072)],
        &[
            ("transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight", 3072),
            ("transformer.single_transformer_blocks.37.proj_mlp.lora_B.weight", 12288),
        ],
        &[("base_model.model.single_transformer_blocks.3.norm.linear.lora_A.default.weight", 3072)],
        &[
            ("diffusion_model.double_blocks.0.img_attn.proj.lora_A.weight", 3072),
            ("diffusion_model.single_blocks.0.linear1.lora_B.weight", 21504),
        ],
        &[
            ("double_blocks.0.processor.proj_lora1.down.weight", 3072),
            ("double_blocks.18.processor.qkv_lora2.up.weight", 9216),
        ],
        &[("single_blocks.1.processor.qkv_lora.down.weight", 3072)],
        &[("lora_transformer_single_transformer_blocks_20_attn_to_q.lora_down.weight", 3072)],
        &[("transformer.single_transformer_blocks.7.proj_out.lora.down.weight", 15360)],
    ];
    for file in files {
        assert_eq!(of(file), lora(BaseModel::Flux1), "{file:?}");
    }
    // Some blocks alone may be anything's: the trainer's word counts, and without one the file is taken.
    let some = [("transformer.transformer_blocks.7.attn.to_q.lora_A.weight", 3072)];
    assert_eq!(of(&some), Contents::Lora(None));
    let words = |word: &str| BTreeMap::from([("ss_base_model_version".to_owned(), word.to_owned())]);
    assert_eq!(super::of(&some, &words("flux1")), lora(BaseModel::Flux1));
    // Names go before words, which are copied from file to file.
    assert_eq!(super::of(files[0], &words("sdxl_base_v1-0")), lora(BaseModel::Flux1));
}

#[test]
fn other_models_are_named() {
    let cases: [(&[(&str, u64)], BaseModel); 17] = [
        (
            &[
                ("lora_unet_down_blocks_1_attentions_0_proj_in.lora_down.weight", 4),
                ("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", 4),
            ],
            BaseModel::StableDiffusionXl,
        ),
        (
            &[("lora_unet_down_blocks_2_attentions_1_transformer_blocks_9_attn1_to_k.lora_up.weight", 1280)],
            BaseModel::StableDiffusionXl,
        ),
        (
            &[("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight", 2048)],
            BaseModel::StableDiffusionXl,
        ),
        (
            &[("unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v.lora_A.weight", 2048)],
            BaseModel::StableDiffusionXl,
        ),
        (
            &[("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", 768)],
            BaseModel::StableDiffusion1,
        ),
        (&[("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", 768)], BaseModel::StableDiffusion1),
        (
            &[("unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight", 768)],
            BaseModel::StableDiffusion1,
        ),
        (
            &[("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", 1024)],
            BaseModel::StableDiffusion2,
        ),
        (&[("lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight", 1536)], BaseModel::StableDiffusion3),
        (&[("transformer.transformer_blocks.0.attn.to_q.lora_A.weight", 2432)], BaseModel::StableDiffusion3),
        (&[("transformer.transformer_blocks.0.img_mlp.net.2.lora_A.weight", 12288)], BaseModel::QwenImage),
        (&[("transformer_blocks.59.attn.to_q.lora_A.default.weight", 3072)], BaseModel::QwenImage),
        (&[("diffusion_model.blocks.0.cross_attn.k.lora_A.weight", 5120)], BaseModel::Wan),
        (&[("lora_unet_double_blocks_0_img_mlp_fc1.lora_down.weight", 3072)], BaseModel::HunyuanVideo),
        (&[("diffusion_model.layers.0.attention.to_k.lora_A.weight", 3840)], BaseModel::ZImage),
        (&[("transformer.single_transformer_blocks.47.attn.to_out.lora_A.weight", 24576)], BaseModel::Flux2),
        (&[("diffusion_model.double_blocks.0.img_attn.proj.lora_A.weight", 6144)], BaseModel::Flux2),
    ];
    for (file, base) in cases {
        assert_eq!(of(file), lora(base), "{file:?}");
    }
}

#[test]
fn words_count_where_names_say_nothing() {
    let of = |name: &str, word: &str| {
        super::of(&[("lora_A", 4), ("lora_B", 4)], &BTreeMap::from([(name.to_owned(), word.to_owned())]))
    };
    let cases = [
        ("ss_base_model_version", "sdxl_base_v1-0", BaseModel::StableDiffusionXl),
        ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", BaseModel::StableDiffusionXl),
        ("modelspec.architecture", "stable-diffusion-v1/lora", BaseModel::StableDiffusion1),
        ("ss_base_model_version", "sd_v2", BaseModel::StableDiffusion2),
        ("modelspec.architecture", "stable-diffusion-3-medium/lora", BaseModel::StableDiffusion3),
        ("modelspec.architecture", "flux-1-dev/lora", BaseModel::Flux1),
        ("modelspec.architecture", "Flux.1-dev/lora", BaseModel::Flux1),
        ("ss_base_model_version", "flux1", BaseModel::Flux1),
        ("ss_base_model_version", "flux2", BaseModel::Flux2),
        ("ss_base_model_version", "qwen_image", BaseModel::QwenImage),
        ("ss_base_model_version", "wan21", BaseModel::Wan),
    ];
    for (name, word, base) in cases {
        assert_eq!(of(name, word), lora(base), "{word}");
    }
    assert_eq!(of("ss_base_model_version", "something new"), Contents::Lora(None));
    assert_eq!(of("modelspec.title", "made with sdxl in mind"), Contents::Lora(None));
}

#[test]
fn what_is_no_lora_is_told_apart() {
    assert_eq!(of(&[("model.diffusion_model.input_blocks.0.0.weight", 320)]), Contents::WholeModel);
    assert_eq!(of(&[("double_blocks.0.img_attn.qkv.weight", 9216)]), Contents::WholeModel);
    assert_eq!(of(&[("emb_params", 768)]), Contents::Embedding);
    assert_eq!(of(&[("clip_l", 768), ("clip_g", 1280)]), Contents::Embedding);
    // A layer that was trained whole beside a LoRA's.
    let both = [("double_blocks.0.img_attn.qkv.diff", 9216), ("single_blocks.0.linear1.lora_up.weight", 21504)];
    assert_eq!(of(&both), lora(BaseModel::Flux1));
}
