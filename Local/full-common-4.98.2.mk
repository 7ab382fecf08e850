# What only this release can be built with.
SUPPORT_DMARC=yes
