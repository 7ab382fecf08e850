# SPDX-License-Identifier: GPL-2.0-or-later
# Upstream's own SUPPORT_PROXY, to compare with.
#: off
SUPPORT_PROXY=yes
