# Upstream's own SUPPORT_PROXY, to compare with.
#: off
SUPPORT_PROXY=yes
