# SPDX-License-Identifier: GPL-2.0-or-later
# The feature together with upstream's own: this build must stop with an #error.
#: default
SUPPORT_PROXY=yes
