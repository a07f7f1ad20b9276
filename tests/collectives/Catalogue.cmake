# Every algorithm of the catalogue, in its order; simgrid.catalogue_is_listed compares the two.
set(TROUPE_CATALOGUE
  allreduce/central allreduce/binomial allreduce/ring allreduce/multi_ring allreduce/recursive_doubling
  allreduce/halving_doubling allreduce/butterfly allreduce/butterfly_full_vector allreduce/kylix
  allreduce/double_binary_tree allreduce/hierarchical allreduce/hierarchical_halving_doubling allreduce/torus allreduce/direct allreduce/auto
  reduce_scatter/ring reduce_scatter/halving reduce_scatter/auto
  allgather/ring allgather/doubling allgather/bruck allgather/auto
  broadcast/binomial broadcast/scatter_allgather broadcast/chain broadcast/auto
  reduce/binomial scatter/binomial gather/binomial
  all_to_all/pairwise all_to_all/bruck all_to_all/auto all_to_all_v/pairwise barrier/dissemination)
