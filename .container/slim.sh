#!/bin/sh
# Takes out of a folder of installed packages what only builds, their own tests and other programs use: half of it.
set -eu
cd "$1"
find torch/bin -type f ! -name torch_shm_manager -delete
rm -rf torch/include torch/test torch/share pyarrow/include pyarrow/src numpy/_core/include
rm -rf pydeck/nbextension statsmodels/datasets/*/*.csv sklearn/datasets/data
rm -f pyarrow/*flight* pyarrow/*s3* pyarrow/*.so.*.*.*
find pandas scipy sklearn statsmodels pyarrow numpy networkx sympy -type d -name tests -prune -exec rm -rf {} +
find babel/locale-data -type f ! -name root.dat ! -name 'en*.dat' ! -name 'zh*.dat' -delete
find . -type f \( -name '*.a' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.map' -o -name '*.h' -o -name '*.c' \) -delete
# Names of functions that nobody links with. The *.libs folders hold libraries that were edited: strip breaks those.
find . -type f -name '*.so*' ! -path './*.libs/*' -exec strip --strip-unneeded {} +
