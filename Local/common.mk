# SPDX-License-Identifier: GPL-2.0-or-later
# What all our builds of Exim share. scripts/build adds what depends on the machine and the caller:
# EXIM_USER and CONFIGURE_OWNER, and BIN_DIRECTORY (where the binary is, so that it can run itself).

# No configuration of this machine is ever read by accident: a file must be named with -C.
CONFIGURE_FILE=/dev/null

# A configuration is expected to set spool_directory. Logs and the pid file then lie in it.
SPOOL_DIRECTORY=/var/spool/exim

# These builds are for tests and for trying: without optimizing they compile in half the time, and with -g1, which tells
# a debugger functions and lines, in two thirds of the time that -g takes. scripts/bench says -O, as Exim's own
# makefiles do.
OPTIMIZE=-O0
CFLAGS=$(OPTIMIZE) -g1 -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE

# Bind all functions when the daemon starts, as Debian's packages do: otherwise each connection's process looks
# up the ones that it calls.
LFLAGS=-Wl,-z,now

HAVE_IPV6=yes
PCRE2_CONFIG=yes
USE_DB=yes
DBMLIB=-ldb

ROUTER_ACCEPT=yes
ROUTER_DNSLOOKUP=yes
ROUTER_IPLITERAL=yes
ROUTER_MANUALROUTE=yes
ROUTER_QUERYPROGRAM=yes
ROUTER_REDIRECT=yes

TRANSPORT_APPENDFILE=yes
TRANSPORT_AUTOREPLY=yes
TRANSPORT_LMTP=yes
TRANSPORT_PIPE=yes
TRANSPORT_SMTP=yes
SUPPORT_MAILDIR=yes

AUTH_CRAM_MD5=yes
AUTH_EXTERNAL=yes
AUTH_PLAINTEXT=yes
AUTH_TLS=yes

LOOKUP_CDB=yes
LOOKUP_DBM=yes
LOOKUP_DNSDB=yes
LOOKUP_DSEARCH=yes
LOOKUP_LSEARCH=yes
LOOKUP_PASSWD=yes
LOOKUP_TESTDB=yes

EXICYCLOG_MAX=10
COMPRESS_COMMAND=/bin/gzip
COMPRESS_SUFFIX=gz
ZCAT_COMMAND=/bin/zcat
SYSTEM_ALIASES_FILE=/etc/aliases
