# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Munge;

# Turns what differs from run to run (times, message ids, process ids, ports,
# this machine's names and addresses) into fixed text, so that output can be
# compared exactly.  The fixed text is that of Exim's own runtest, in the same
# order of steps, because the expected files must pass there too.
#
# Two things differ on purpose.  The 16-character message ids that an Exim before
# 4.97 makes become the same text as the 23-character ones, and what one before 4.96
# words in another way becomes the later wording, so one expected file serves every
# release.  And the ports that this runner picked are first turned
# into runtest's fixed ones (1223 to 1228), so everything after works on those.

use strict;
use warnings;

my %port_name = (1223 => 'PORT_N', 1224 => 'PORT_S', 1225 => 'PORT_D',
                 1226 => 'PORT_D2', 1227 => 'PORT_D3', 1228 => 'PORT_D4');
my @all_ports = sort keys %port_name;
my @daemon_ports = (1225 .. 1228);

my $ipv4 = qr/\d{1,3}(?:\.\d{1,3}){3}/;
my $group = qr/[[:xdigit:]]{1,4}/;
my $ipv6 = qr/(?:$group:){0,7}$group(?:::(?:$group:){0,5}$group)?/;
my $ip = qr/(?:$ipv4|$ipv6)/;
my $clock = qr/\d\d:\d\d:\d\d/;
my $day = qr/\d{4}-\d\d-\d\d/;
my $space = qr/\s|\xE2\x96\x91/;         # debug output shows a space as U+2591

# world: a Scenario::World.  dir: the scenario's directory.  ports: a hash from
# port numbers in use to runtest's.
sub new {
  my ($class, %arg) = @_;
  return bless { %arg, ipv6_test => 0, none => 0, seen => {},
    next => { id => 'aX', short_id => 'aX', pid => 1234, port => 10001, conn => 1111 } }, $class;
}

# kind: stdout, stderr, log or mail.  custom: a function from a line to a line,
# or to undef to drop it; see custom() below.
sub file {
  my ($self, $path, $kind, $custom) = @_;
  open my $in, '<', $path or die "cannot read $path: $!\n";
  local $self->{in} = [<$in>];
  local $self->{kind} = $kind;
  local $self->{daemon_pid} = undef;
  my $out = '';
  while (@{ $self->{in} }) {
    my $line = $self->line(shift @{ $self->{in} }, $custom);
    $out .= $line if defined $line;
  }
  return $out;
}

sub line {
  my ($self, $line, $custom) = @_;
  return $line if $self->{none};
  local $_ = $line;
  $self->standard_ports;
  old_words() if $self->{world}{old_words};
  if ($custom) {
    $_ = $custom->($_, $self->{in});
    return undef if not defined;
  }
  $self->places;
  dates();
  tls();
  $self->people;
  $self->processes or return undef;
  $self->incoming_ports;
  $self->addresses;
  system_messages();
  sizes();
  library_messages() or return undef;
  my $special = $self->can("only_$self->{kind}");
  return undef if $special and not $self->$special;
  return $_;
}

# The text that stands for a value: the same each time the value comes again.
sub stand_in {
  my ($self, $type, $value, $format) = @_;
  return $self->{seen}{$type}{$value} //= sprintf $format, $self->{next}{$type}++;
}

# Exim from 4.97 on can still show an id of the short form, from a script.
sub message_id {
  my ($self, $id) = @_;
  return $self->stand_in(short_id => $id, '10Hm%s-0005vi-00')
    if length $id == 16 and not $self->{world}{short_ids};
  return $self->stand_in(id => $id, '10Hm%s-000000005vi-0000');
}

# --- for every kind of file; each works on $_ ---------------------------------

sub standard_ports {
  my ($self) = @_;
  my $ports = $self->{ports};
  my $any = $self->{any_port} //= join '|', keys %$ports;
  s/(?<![0-9A-Za-z])($any)(?![0-9A-Za-z])/$ports->{$1}/g;
  return;
}

# What Exim before 4.96 words in another way, as it is now.
sub old_words {
  s/^<<< 250-\KPIPE_CONNECT$/PIPECONNECT/;
  s/^\tfor \S+;\K (?=[A-Z][a-z]{2}, )/\n\t/;
  s/^host_address \S+\K\.(?=\d+$)/:/;
  return;
}

sub places {
  my ($self) = @_;
  my ($world, $host) = ($self->{world}, $self->{world}{hostname});
  s/(?<![\w.])\Q$host\E(?![\w-])/the.local.host.name/g if $host ne 'localhost';
  s/name=\Kthe\.local\.host(?= address=127\.0\.0\.1)/localhost/g;
  s{\s\Q$self->{dir}\E/aux-var/sh\b}{ ENV_SHELL};
  s/\Q$self->{dir}\E/TESTSUITE/g;
  s/(\d[^\W_]{5}-(?:[^\W_]{6}-[^\W_]{2}|[^\W_]{11}-[^\W_]{4}))/$self->message_id($1)/ge;
  s/\.lock(?:\.[-\w]+)+(?:\.[\da-f]+){2}/.lock.test.ex.dddddddd.pppppppp/;
  s/port (\d+) \([^)]+\)/port $1/g
    if not $self->{ipv6_test} and /listening for SMTP(?:S?) on port/;
  return;
}

sub dates {
  my $month = qr/[A-Z][a-z]{2}/;
  s/$month,($space)\d\d?($space)$month($space)\d{4}($space)$clock($space)[-+]\d{4}
   /Tue,${1}2${2}Mar${3}1999${4}09:44:33${5}+0000/gx;
  s/^$day\s$clock(?:\s[+-]\d{4})?\s/1999-03-02 09:44:33 /;
  s/^$day\s$clock\.\d{3}(?:\s(?:[+-]\d{4}|[A-Z]{2}T))?\s/2017-07-30 18:51:05.712 /;
  s/^Logwrite\s"\K$day\s$clock/1999-03-02 09:44:33/;
  s/(?:D|[RQD]T)=\K\d+(?=s)/qq/g;
  s/(?:D|[RQD]T)=\K\d\.\d{3}(?=s)/q.qqq/g;
  s/$month($space)$month($space)\d\d($space)$clock($space)\d{4}
   /Tue${1}Mar${2}02${3}09:44:33${4}1999/gx;
  s/^\d{9,10}\s0$/ddddddddd 0/;
  s/\d\d-\w{3}-\d{4}\s$clock\s[-+]\d{4},/06-Sep-1999 15:52:48 +0100,/g;
  s/\d\d-$month-\d{4}\s$clock/07-Mar-2000 12:21:52/g;
  s/could not connect to .*: Connection \Kreset by peer$/refused/;
  return;
}

# Every TLS version becomes TLS1.x, every cipher of the usual strength
# ke-AUTH-AES256-SHAnnn:xxx with the kind of key kept.  TLS 1.3 names no kind of
# key: RSA is put in.
sub tls {
  s/SSL_CTX_set_cipher_list/SSL_connect/;
  s/error=\K(?:authority and subject key identifier mismatch|self-signed certificate)/self signed certificate/;
  s/^\s+by \S+ with .+ \K \(TLS1(?:\.[0-3])?\) tls TLS_.*?([^_]+)_WITH.+$/(TLS1.x:ke-$1-AES256-SHAnnn:xxx)/;
  s/^\s+by \S+ with .+ \K \(TLS1(?:\.[0-3])?\) tls TLS_.+$/(TLS1.x:ke-RSA-AES256-SHAnnn:xxx)/;
  s/ cipher_ TLS_.*?([^_]+)_WITH.+$/ cipher_ TLS1.x:ke_$1_WITH_ci_mac/;
  s/ cipher_ TLS_.*$/ cipher_ TLS1.x:ke_RSA_WITH_ci_mac/;
  s/((?:\b|\s)[(=]|\s)TLS1(?:\.[123])?:/$1TLS1.x:/g;
  my $kx = qr/(?<!ke-)(?:(?:EC)?DHE-)?/;
  my $strength = qr/:(?:128|256)(?::[^\s*]*)?/;
  my $mac = qr/(?:GCM-SHA(?:256|384)|SHA)/;
  s/$kx(RSA|ECDSA)-AES(?:128|256)-$mac(?!:)/ke-$1-AES256-SHAnnn/g;
  s/$kx(RSA|ECDSA)-AES(?:128|256)-$mac$strength/ke-$1-AES256-SHAnnn:xxx/g;
  s/TLS_AES(?:_256)?_GCM_SHA384(?!:)/ke-RSA-AES256-SHAnnn/g;
  s/:TLS_AES(?:_256)?_GCM_SHA384:256(?::[^\s*]*)?/:ke-RSA-AES256-SHAnnn:xxx/g;
  s/(?<!-)(AES256-GCM-SHA384)/RSA-$1/;
  s/${kx}(RSA|ECDSA)-(?:AES256|CHACHA20)-(?:GCM-SHA384|POLY1305)(?!:)/ke-$1-AES256-SHAnnn/g;
  s/${kx}(RSA|ECDSA)-(?:AES256|CHACHA20)-(?:GCM-SHA384|POLY1305):256(?::[^\s*]*)?/ke-$1-AES256-SHAnnn:xxx/g;
  gnutls_ciphers();
  s/ver:    TLS1(?:\.[0-3])?$/ver:    TLS1.x/;
  s/ \(TLS1(?:\.[0-3])?\) / (TLS1.x) /;
  s/RSA-SHA1/RSA-SHA/;
  return;
}

sub gnutls_ciphers {
  s/\bDHE_RSA_AES_128_CBC_SHA1:128/RSA-AES256-SHA1:256/g;
  my $hash = qr/SHA(?:1|256|384|512)/;
  my $exchange = qr/(?:EC)?DHE(?:_(?:(PSK)_)?(?:(RSA|ECDSA)_)?(?:SECP(?:256|521)R1|X25519))?(?:__?)?/;
  my $sign = qr/(RSA|ECDSA)(?:(?:_PSS_RSAE)?_$hash)?(?:__?)?/;
  s/TLS1\.[x0123](?:-PKIX)?:(?:$exchange)?(?:$sign)?(WITH_)?AES_(?:256|128)_(?:CBC|GCM)
    (?:__?AEAD)?(?:__?$hash)?:(?:256|128)(?::[^\s*]*)?
   /'TLS1.x:ke-' . ($1 \/\/ '') . ($2 \/\/ $3 \/\/ '') . ($4 \/\/ '') . '-AES256-SHAnnn:xxx'/gex;
  s/\b(?:ECDHE-(RSA|ECDSA)-AES256-SHA|DHE-(RSA)-AES256-SHA256)\b/'ke-' . ($1 \/\/ $2) . '-AES256-SHAnnn'/ge;
  return;
}

# --- people and processes -----------------------------------------------------

sub people {
  my ($self) = @_;
  my $world = $self->{world};
  s/\Q$world->{caller_home}\E/CALLER_HOME/g if length $world->{caller_home} > 2;
  my ($caller, $anybody) = @$world{qw(caller_pattern caller_uids)};
  s/$caller/CALLER/g;
  s/\b(e?uid)=$anybody\b/$1=CALLER_UID/g;
  s/\b(e?gid)=$world->{caller_gid}\b/$1=CALLER_GID/g;
  s/^CALLER \d+ \d+$/CALLER UID GID/;
  my $exim = qr/\Q$world->{exim_user}\E/;
  s/(?:U|user|login)=\K$exim\b/EXIMUSER/;
  s/Received: from \K$exim(?= )/EXIMUSER/;
  s/Running as: \K$exim/EXIMUSER/;
  s/\b$exim(?=@)/EXIMUSER/;
  s/\b$exim(?=\.lock\.)/EXIMUSER/;
  s/\b(e?uid)=$world->{exim_uid}\b/$1=EXIM_UID/g;
  s/\b(e?gid)=$world->{exim_gid}\b/$1=EXIM_GID/g;
  s/^$exim $world->{exim_uid} $world->{exim_gid}/EXIMUSER EXIM_UID EXIM_GID/;
  s/\b(e?[ug]id)=4294967295/$1=-1/g;
  s/\bgid=\K\d+/gggg/;
  s/\begid=\K\d+/gggg/;
  s/\buid=\K\d+/uuuu/;
  s/\beuid=\K\d+/uuuu/;
  return;
}

# False: the line is dropped.
sub processes {
  my ($self) = @_;
  my $pid = sub { $self->stand_in(pid => $_[0], 'p%s') };
  s/\b(?:pid=|pid\s|PID:\s|Process\s|child\s)\K(\d+)/$pid->($1)/ge;
  s/ Ci=\K(\d+)/$pid->($1)/ge;
  s/set_process_info:\s+\d+/set_process_info: pppp/;
  s/^($day\s$clock(?:\.\d{3})?(?:\s[+-]\d{4})?)\s\[(\d+)\]/"$1 [" . $self->stand_in(pid => "[$2]", '%s') . ']'/e;
  if (/^(\s*\d+) (?:listening|LOG: MAIN|(?:daemon_smtp_port|local_interfaces) overridden by)/) {
    $self->{daemon_pid} = $1;
  }
  s/^$self->{daemon_pid} // if defined $self->{daemon_pid};
  return not /^(?:calling local_scan\(\); timeout=300|local_scan\(\) returned 0 NULL)$/;
}

# The port of a peer is renumbered wherever it is shown as [address]:port; a
# line about a delivery shows the ports of servers, which are not touched.
sub incoming_ports {
  my ($self) = @_;
  my $port = sub { $self->stand_in(port => $_[0], '%s') };
  s/^Port: \K(\d+)/$port->($1)/e;
  s/\(port=\K(\d+)/$port->($1)/e;
  s/^Connection request from \S+ port \K(\d+)$/$port->($1)/e;
  s/\[$ip\]:\K(\d+)/$port->($1)/ie
    if not /listening for SMTP on|Connecting to|[=*-]>|==|\*\*|Connection refused|in response to|T(?:ransport)?:/;
  s/^--?host_address .*[:.]\K\d+$/9999/;
  s/^Connecting to 127\.0\.0\.1 port \K$self->{dynamic_port}\b/<dynamic port>/
    if $self->{dynamic_port};
  return;
}

sub addresses {
  my ($self) = @_;
  my $world = $self->{world};
  s/^\s+host\s(\S+)\s+(\S+)/  host $1 $2/;
  s/^\s+(host\s\S+\s\S+)\s+(port=.*)/  $1 $2/;
  s/^\s+(host\s\S+\s\S+)\s+(?=MX=)/  $1 /;
  my ($v4, $v6) = map { quotemeta } @$world{qw(ipv4 ipv6)};
  my $v6_name = 'ip6:' x 7 . 'ip6';
  s/host\s$v4\s\[$v4\]/host ipv4.ipv4.ipv4.ipv4 [ipv4.ipv4.ipv4.ipv4]/;
  s/host\s$v6\s\[$v6\]/host $v6_name [$v6_name]/;
  s/\b$v4\b/ip4.ip4.ip4.ip4/g;
  s/(?:^|\W)\K$v6/$v6_name/g;
  s/\b\Q$world->{ipv4_reversed}\E\b/ip4-reverse/g;
  s/(?:^|\W)\K\Q$world->{ipv6_reversed}\E/ip6-reverse/g if $world->{own_ipv6};
  s/^\s+host\s\S+\s+\[\S+\]\K +$//;
  s/(?:\b|_)\K224(?=\.\d+\.\d+\.\d+\b|_|\.rbl|\.in-addr|\.test\.again\.dns)/V4NET/g;
  s/\bff00(?=:[\da-f]+:[\da-f]+:[\da-f]+)/V6NET/gi;
  return;
}

sub system_messages {
  s/Can(?:no|')t assign requested address|Address not available/Netwk addr not available/;
  s/Operation timed out/Connection timed out/;
  s/Address family not supported by protocol family/Network Error/;
  s/Network(?: is)? unreachable/Network Error/;
  s/Invalid argument/Network Error/;
  s/\(\d+\)(?=: (?:Network|Connection refused|Connection timed out))/(dd)/;
  s/\d+(?= (?:65 Connection refused|321 Connection timed out))/dd/;
  s/errno=\K\d+/dd/g;
  s/ is not a regular file| has too many links \(\d+\)/ not a regular file or too many links/;
  s/ +/ /g if s/^([-d](?:[-r][-w][-SsTtx]){3})[.+@]?( +|$)/$1$2/;
  return;
}

sub sizes {
  s/[\s,]S=\K\d+\b/sss/;
  return;
}

# False: the line is dropped.
sub library_messages {
  s/TLS session: \(SSL_\w+\): error:\K.*/ <<detail omitted>>/;
  s/TLS error on connection from .*\K\(SSL_accept\): error:.*:unexpected eof while reading$/(tls lib accept fn): TCP connection closed by peer/;
  s/TLS error on connection from .* \(SSL_\w+\): error:\K.*/ <<detail omitted>>/;
  return 0 if /SSL verify error: depth=0 error=certificate not trusted/;
  return 0 if /TLS error \(D-H param setting .* error:.*(?:dh key too small|unknown security bits)/;
  s/(?:timestamp=|\(timestamp_only\): )\K\d+/ddddddd/g;
  s/unexpected disconnection while reading SMTP command from \S+ \S* \K(?:\([^)]*\) )?(?=D=)//;
  return 1;
}

# --- for one kind of file; false: the line is dropped ------------------------

# Names the first of each of these ports that stands after the pattern.
sub name_ports {
  my ($after, $everywhere, @ports) = @_;
  for my $port (@ports) {
    if ($everywhere) { s/$after\K$port/$port_name{$port}/g }
    else             { s/$after\K$port/$port_name{$port}/ }
  }
  return;
}

my $stdout_drop = qr{
    translate_ip_address\ =|use_classresources
  | ^SSL\ info:|^Error\ in\ the\ pull\ function\.
  | ^_OPT_TRANSPORT_SMTP_(?:HOSTS_REQU(?:EST|IRE)_OCSP|DANE_REQUIRE_TLS_CIPHERS)=y
  | ^dmarc_tld_file\ =|^arc_sign\ =|^limits_advertise_hosts\ =|^hosts_try_prdr\ =\ \*$
  | ^tls_resumption_hosts\ =|^-tls_resumption|^host_name_extract\ =
  | ^macro\ '_HAVE_(?:DMARC|ESMTP_LIMITS|PIPE_CONNECT)'
}x;

sub only_stdout {
  my ($self) = @_;
  return 0 if /$stdout_drop/;
  s/^\s*\d+[mhd]\s+\d+(\s+(?:[[:alnum:]-]{23}|[[:alnum:]-]{16}) <)/TTT   sss$1/i;
  my $own = qr/127\.0\.0\.1|(?:ip4\.){3}ip4|(?:ip6:){7}ip6/;
  name_ports(qr/(?:(?:Listening on|Connecting to (?:$own)) port |host host .+ port=)/, 0, @all_ports);
  name_ports(qr/T:.*:(?:127\.0\.0\.1|.::1.):/, 0, @all_ports);
  name_ports(qr/^\s*port = /, 0, @all_ports);
  s/^Connection request from \K\[.*:.*:.*\]$/[ipv6]/;
  s/^-received_time_usec \.\K\d{6}$/uuuuuu/;
  s/^-received_time_complete \K\d+\.\d{6}$/tttt.uuuuuu/;
  s/250-AUTH ANONYMOUS PLAIN SCRAM-SHA-1\K SCRAM-SHA-256//;
  $self->drop_diagnostic;
  return 1;
}

# A header that only some builds put into bounces goes, with its continuation.
sub drop_diagnostic {
  my ($self) = @_;
  return if not /^X-Exim-Diagnostic:/;
  my $in = $self->{in};
  shift @$in while @$in and $in->[0] =~ /^\s+\S/;
  $_ = '';
  return;
}

my $log_port = qr/\[[^\]]+\]:/;

sub only_log {
  my ($self) = @_;
  name_ports(qr/listening for SMTP on [^:]+:.*/, 0, @all_ports);
  name_ports(qr/(?:listening|and) for .*? port /, 1, @all_ports);
  name_ports(qr/ I=$log_port/, 0, 1225, 1226);
  for my $port (@all_ports) {
    s/ \[(?:127\.0\.0\.1|(?:ip4\.){3}ip4)\]:\K$port(?= Connection refused)/$port_name{$port}/;
  }
  name_ports(qr/(?:=>|->|==) .* (?:PRX=)?$log_port/, 0, @daemon_ports);
  name_ports(qr/.*\]:/, 1, 1224);
  name_ports(qr/port </, 1, 1224);
  name_ports(qr/plp /, 1, 1225);
  name_ports(qr/Expansion of .*received_port\}\{/, 1, 1228);
  # runtest gives one number to every interface port that is left
  s/I=\[[^\]]*\]:\K\d+/$self->stand_in(port => 'interface', '%s')/e;
  return 0 if / Berkeley DB error: |TLS error \(SSL_read\): .*error:0A000126:SSL routines::unexpected eof while reading$/;
  s/=>.* K (?:DKIM=\S+ )?C="250- \K\d+ byte chunk, total \d+/3nn byte chunk, total 3nn/;
  s/(TLS error on connection [^:]*: error:)[0-9A-F]{8}(:system library):(?:fopen|func\(4095\)|):(?=No such file or directory$)/$1xxxxxxxx$2:fopen:/;
  tls_log();
  s/R=\w+ T=\w+ defer\K \([1-9]\d*\): / (EEE): /;
  s/Arg list too long/Argument list too long/;
  return not /<dns:fail> <DNS_(?:NOMATCH|AGAIN):.*:AAAA>$/;
}

sub tls_log {
  s/EVDATA: \K\(SSL_accept\): error:0A000126:SSL routines::unexpected eof while reading/SSL_accept: TCP connection closed by peer/;
  s/session: \K\((?:SSL_connect|gnutls_handshake)\)(?=: timed out)/(tls lib connect fn)/;
  s/TLS error on connection from .*\K\((?:SSL_accept|gnutls_handshake)\)(?=: timed out)/(tls lib accept fn)/;
  s/TLS error on connection from .*\K(?:SSL_accept: TCP connection closed by peer|\(gnutls_handshake\): The TLS connection was non-properly terminated\.)/(tls lib accept fn): TCP connection closed by peer/;
  return;
}

sub only_mail {
  my ($self) = @_;
  name_ports(qr/(?:interface|received)-port:\s+/, 0, @all_ports);
  $self->drop_diagnostic;
  return 1;
}

# --- the munges that a script asks for by name ------------------------------

my $tls_name = sub { $_[0] =~ s/ X=TLS\S+ / X=TLS_proto_and_cipher /r };

my %named = (
  loopback => { stdout => sub { $_[0] =~ s/\[(?:127\.0\.0\.1|::1)]/[IP_LOOPBACK_ADDR]/r } },
  tls_anycipher => { mainlog => \&any_cipher, rejectlog => $tls_name },
);

sub any_cipher {
  my ($line) = @_;
  $line = $tls_name->($line);
  $line =~ s{ DN="\KC=}{/C=};
  $line =~ s{ DN="[^,"]*\K,}{/} for 1 .. 3;
  return $line;
}

# What the named munge does, as a hash from mainlog, stdout, ... to functions.
# Undefined for a name that is not known.
sub custom { my ($name) = @_; return $named{$name} }
sub custom_names { return sort keys %named }

1;
