# The feature together with upstream's own: this build must stop with an #error.
#: default
SUPPORT_PROXY=yes
