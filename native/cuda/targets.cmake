# lth_cuda: the CUDA backend, or what says that there is none. lth_cuda_tested: what the tests link;
# where CUDA is not built, its sources compiled as C++ for the emulator, which no user ever sees: the
# native tests link it, and an addon that the tests in TypeScript load.
set(cuda_dir native/cuda)
file(GLOB cuda_kernels CONFIGURE_DEPENDS ${cuda_dir}/*.cu)
file(GLOB cuda_host CONFIGURE_DEPENDS ${cuda_dir}/*.cc)
list(REMOVE_ITEM cuda_host ${CMAKE_SOURCE_DIR}/${cuda_dir}/no_cuda.cc)
# wgmma is for sm_90a and nothing else: a source is compiled for it alone, or another says that there is
# none. The emulator has it.
set(cuda_wgmma ${CMAKE_SOURCE_DIR}/${cuda_dir}/conv1d_wgmma.cu)
set(cuda_no_wgmma ${CMAKE_SOURCE_DIR}/${cuda_dir}/no_wgmma.cu)
if(LTH_CUDA_BUILT)
  list(REMOVE_ITEM cuda_kernels ${cuda_wgmma})
endif()
if(NOT LTH_CUDA_BUILT OR "90" IN_LIST LTH_CUDA_ARCHS)
  list(REMOVE_ITEM cuda_kernels ${cuda_no_wgmma})
endif()

add_library(lth_cuda INTERFACE)
add_library(lth_cuda_tested INTERFACE)

if(LTH_CUDA_BUILT)
  function(lth_cuda_objects name)
    add_library(${name} OBJECT ${ARGN})
    target_include_directories(${name} PRIVATE native/include native)
    target_link_libraries(${name} PRIVATE CUDA::cudart_static)
    set_target_properties(${name} PROPERTIES CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON
                          CUDA_EXTENSIONS OFF CUDA_VISIBILITY_PRESET hidden)
    target_compile_options(
      ${name}
      PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xcompiler -Wall,-Wextra>"
              "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:$<$<BOOL:${LTH_CUDA_WERROR}>:-Werror all-warnings>>"
              # In parallel, or in an order that scripts/cuda_resources.sh can follow, and with code that
              # scripts/cuda_stores.ts can read.
              "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:$<IF:$<BOOL:${LTH_CUDA_REPORT}>,-Xptxas -v -no-compress,--threads 0>>")
    target_sources(lth_cuda INTERFACE $<TARGET_OBJECTS:${name}>)
  endfunction()
  lth_cuda_objects(lth_cuda_objects ${cuda_kernels} ${cuda_host})
  if("90" IN_LIST LTH_CUDA_ARCHS)
    lth_cuda_objects(lth_cuda_wgmma ${cuda_wgmma})
    set_target_properties(lth_cuda_wgmma PROPERTIES CUDA_ARCHITECTURES 90a-real)
  endif()
  target_link_libraries(lth_cuda INTERFACE CUDA::cudart_static)
  target_link_libraries(lth_cuda_tested INTERFACE lth_cuda)
  target_compile_definitions(lth_cuda_tested INTERFACE LTH_TEST_CUDA=1)
  # Needs nothing of the CPU's: the shortest way to see that it all compiles, links and starts.
  add_executable(cuda_devices EXCLUDE_FROM_ALL native/bench/cuda_devices.cc)
  target_include_directories(cuda_devices PRIVATE native/include)
  target_link_libraries(cuda_devices PRIVATE lth_cuda)
else()
  add_library(lth_no_cuda OBJECT ${cuda_dir}/no_cuda.cc)
  target_include_directories(lth_no_cuda PRIVATE native/include native)
  target_sources(lth_cuda INTERFACE $<TARGET_OBJECTS:lth_no_cuda>)
  if(LTH_TESTS AND NOT LTH_EMULATOR)
    target_link_libraries(lth_cuda_tested INTERFACE lth_cuda)
  elseif(LTH_TESTS)
    list(REMOVE_ITEM cuda_kernels ${CMAKE_SOURCE_DIR}/${cuda_dir}/device.cu)
    file(GLOB emulator CONFIGURE_DEPENDS ${cuda_dir}/emulate/*.cc)
    set_source_files_properties(${cuda_kernels} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++")
    set_source_files_properties(${cuda_dir}/gather_augmented.cu PROPERTIES
                                COMPILE_OPTIONS "-x;c++;-ffp-contract=off")
    add_library(lth_cuda_emulated OBJECT EXCLUDE_FROM_ALL ${cuda_kernels} ${cuda_host} ${emulator})
    target_include_directories(lth_cuda_emulated PRIVATE native/include native)
    target_compile_definitions(lth_cuda_emulated PRIVATE LTH_CUDA_EMULATED=1)
    target_sources(lth_cuda_tested INTERFACE $<TARGET_OBJECTS:lth_cuda_emulated>)
    target_compile_definitions(lth_cuda_tested INTERFACE LTH_TEST_CUDA=1 LTH_CUDA_EMULATED=1)
  endif()
endif()
