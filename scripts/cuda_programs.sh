# shellcheck shell=bash
# The programs that scripts/pack_cuda.sh packs and scripts/verify_cuda.sh runs; both read this file.
# shellcheck disable=SC2034

# Tests that run kernels.
cuda_tests=(
  cuda_conv1d_wgmma_test cuda_conv1d_dense_test cuda_conv1d_sparse_test cuda_fused_test cuda_bf16_test
  cuda_training_test
  program_test cuda_kernel_choice_test wgrad_overlap_test not_finite_test norm_test optimizer_test
  cross_entropy_test shortcut_test gather_test
)
cuda_benchmarks=(cuda_machine_bench cuda_step_bench cuda_conv1d_bench cuda_topk_bench)
# A program that starts quickly wherever the others start.
cuda_probe=cuda_devices
