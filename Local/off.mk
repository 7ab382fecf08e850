# SPDX-License-Identifier: GPL-2.0-or-later
# The patched tree without the flag: it must be upstream's Exim.
#: common openssl
