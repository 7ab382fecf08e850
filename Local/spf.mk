# SPDX-License-Identifier: GPL-2.0-or-later
# The feature with SPF, for the scenario about it.
#: default
SUPPORT_SPF=yes
SUPPORT_SPF_LIBS=-lspf2
LDFLAGS+=-lspf2
