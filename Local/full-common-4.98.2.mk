# SPDX-License-Identifier: GPL-2.0-or-later
# What only this release can be built with.
SUPPORT_DMARC=yes
