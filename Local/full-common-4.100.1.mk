# SPDX-License-Identifier: GPL-2.0-or-later
# What only this release can be built with.
AUTH_HEIMDAL_GSSAPI=yes
AUTH_HEIMDAL_GSSAPI_PC=heimdal-gssapi heimdal-krb5
SUPPORT_DMARC=yes
