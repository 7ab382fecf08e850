# The feature.
EXPERIMENTAL_PROXY=yes
