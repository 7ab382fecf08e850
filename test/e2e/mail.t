#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Mail through a real HAProxy: by both versions of the protocol, over IPv4 and IPv6, in the clear, with STARTTLS and with TLS on
# connect, one by one and many at once, while HAProxy checks the health of each server with a header of its own.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Test::Exim qw(MAILBOX);
use Test::HAProxy qw(PATIENT listen_on);
use Test::More;
use Test::Place qw(HANG contents file find_tool free_ports has_ipv6 said start within);
use Test::SMTP ();

# What HAProxy listens on and connects from, and where the Exims listen
use constant { PROXY4 => '127.0.1.1', EXIM4 => { v1 => '127.0.2.1', v2 => '127.0.2.2' }, V6 => '::1' };
use constant SWAKS => 12;       # messages at once, for each version

my $swaks = find_tool('swaks') // plan(skip_all => 'no swaks here: run scripts/setup test');
eval { require Net::SSLeay } or plan(skip_all => "no Net::SSLeay here: run scripts/setup test");
my $v6 = has_ipv6();

my $acl = <<'END' . MAILBOX;
begin acl
begun:
  warn  condition = ${if eq{$sender_helo_name}{haproxy.example}}
        logwrite = check begun
  accept
ended:
  warn  condition = ${if eq{$sender_helo_name}{haproxy.example}}
        logwrite = check ended
  accept
connect:
  warn  condition = ${if and{{bool{$proxy_session}} {eq{$proxy_host_address}{}}}}
        logwrite = negotiation failed
  warn  condition = ${if and{{bool{$proxy_session}} {eq{$proxy_target_address}{}} {eq{$proxy_host_address}{$sender_host_address}}}}
        logwrite = health check
  accept
rcpt:
  warn  logwrite = <$sender_address> client $sender_host_address $sender_host_port \
                   proxy $proxy_host_address target $proxy_target_address $proxy_target_port \
                   here $received_ip_address $received_port session $proxy_session
  accept
END

my %exim = map {
  $_ => Test::Exim->new($_, addresses => [EXIM4->{$_}, $v6 ? V6 : ()], ports => 1, tls => 1, rest => $acl, main => <<"END")
proxy_required_hosts = <; @{[PROXY4]} ; @{[V6]}
proxy_protocol_timeout = 1h
log_selector = +proxy +incoming_port +incoming_interface
smtp_accept_max = 100
acl_smtp_connect = connect
acl_smtp_helo = begun
acl_smtp_quit = ended
acl_smtp_rcpt = rcpt
END
} qw(v1 v2);
$_->start_daemon for values %exim;
$_->ready for values %exim;

# One frontend and one backend for each address and port of the Exims
# clock: a check has time; one that HAProxy itself finds slow all the same ("inter" is its limit for the connection) must not
# bring a server down.
my @front;
for my $version (sort keys %exim) {
  for my $ip ($exim{$version}{addresses}->@*) {
    for my $tls (0, 1) {
      push @front, { version => $version, exim => $exim{$version}, ip => $ip, server => $exim{$version}{ $tls ? 'tls_ports' : 'ports' }[0], tls => $tls,
        proxy => $ip eq V6 ? V6 : PROXY4, port => free_ports(1), id => join '-', $version, $ip eq V6 ? 'ipv6' : 'ipv4', $tls ? 'tls' : 'smtp' };
    }
  }
}
my $proxy = Test::HAProxy->new('haproxy', PATIENT . <<'END' . join '', map { frontend($_) } @front);
    option smtpchk EHLO haproxy.example
    default-server check inter 1s fall 1000 check-send-proxy
END

sub frontend {
  my ($f) = @_;
  my ($here, $there) = map { /:/ ? "[$_]" : $_ } @$f{qw(proxy ip)};
  return listen_on($f->{id}, "$here:$f->{port}", $here,
    "exim $there:$f->{server} " . ($f->{version} eq 'v1' ? 'send-proxy' : 'send-proxy-v2') . ($f->{tls} ? ' check-ssl verify none' : ''));
}
ok($proxy->all_up(scalar @front), 'HAProxy finds all servers up') or diag($proxy->said, explain { $proxy->servers });

# --- sending: the local part says which mail it is -------------------------------------

my @mail;
for my $f (@front) {
  for my $tls ($f->{tls} ? 'on-connect' : ('', 'STARTTLS')) {
    my $mail = { front => $f, tls => $tls, sender => "$f->{id}-" . ($tls || 'clear') . '@example.net', ip => $f->{proxy} eq V6 ? V6 : '127.0.0.10' };
    push @mail, $mail;
    eval {
      my $c = Test::SMTP->connect(to => $f->{proxy}, port => $f->{port}, from => $mail->{ip});
      $mail->{port} = $c->{sport};
      $c->tls if $tls eq 'on-connect';
      $c->expect('the banner', qr/^220 /);
      $c->command('EHLO client.example', qr/^250/);
      if ($tls eq 'STARTTLS') { $c->command('STARTTLS', qr/^220 /); $c->tls; $c->command('EHLO client.example', qr/^250/) }
      $c->message($mail->{sender}, 'user@example.com');
      $c->quit;
      1;
    } or $mail->{error} = $@;
  }
}
my %sending;
my $port = (free_ports(1))[0];
for my $f (grep { !$_->{tls} && $_->{proxy} eq PROXY4 } @front) {
  for my $n (1 .. SWAKS) {
    my $mail = { front => $f, tls => $n % 2 ? '' : 'STARTTLS', sender => "$f->{id}-swaks-$n\@example.net", ip => '127.0.0.' . (100 + $n), port => $port };
    push @mail, $mail;
    $sending{ start($mail->{sender}, $swaks, '--server', $f->{proxy}, '--port', $f->{port}, '--local-interface', $mail->{ip}, '--local-port', $port,
      '--timeout', HANG, $mail->{tls} ? '-tls' : (), '--helo', 'client.example', '--from', $mail->{sender}, '--to', 'user@example.com') } = $mail;
  }
  $port++;
}
while (my $pid = (keys %sending)[0]) {
  waitpid $pid, 0;
  my $mail = delete $sending{$pid};
  $mail->{error} = said($mail->{sender}) if $?;
}
SKIP: { skip('no IPv6 here', 2 * 3) if !$v6 }

# --- what arrived -----------------------------------------------------------------------

sub arrival { my ($mail) = @_; return $mail->{front}{exim}->log =~ /^(.* <= \Q$mail->{sender}\E .*)$/m ? $1 : '' }
within(sub { !grep { !$_->{error} && (arrival($_) !~ /^\S+ \S+ (\S+) <= / || $_->{front}{exim}->log !~ /^\S+ \S+ \Q$1\E Completed$/m) } @mail });

for my $mail (@mail) {
  my ($f, $what) = ($mail->{front}, $mail->{sender} =~ s/\@.*//r);
  is($mail->{error}, undef, "$what: is sent") or next;
  my $line = arrival($mail);
  my $protocol = $mail->{tls} ? qr/esmtps X=\S+(?: CV=\S+)?/ : qr/esmtp/;
  like($line, qr/ H=\(client\.example\) \[\Q$mail->{ip}\E\]:$mail->{port} /, "$what: H= is the client, with its port");
  like($line, qr/ I=\[\Q$f->{ip}\E\]:$f->{server} /, "$what: I= is this server");
  like($line, qr/ P=$protocol PRX=\Q$f->{proxy}\E S=\d+/, "$what: PRX= is the proxy");
  my ($variables) = $f->{exim}->log =~ /^\S+ \S+ (?:H=.*?Warning: )?(<\Q$mail->{sender}\E> client .*)$/m;
  is($variables, "<$mail->{sender}> client $mail->{ip} $mail->{port} proxy $f->{proxy} target $f->{proxy} $f->{port} here $f->{ip} $f->{server} session yes",
    "$what: the variables are those of the session");
  my ($header) = contents($f->{exim}->path('mailbox')) =~ /^From \Q$mail->{sender}\E .*\n(Received:.*\n(?:[ \t].*\n)*)/m;
  like($header, qr/\AReceived: from \[\Q$mail->{ip}\E\] \(port=$mail->{port} helo=client\.example\)/, "$what: Received: names the client");
}

ok($proxy->all_up(scalar @front), 'HAProxy finds all servers up in the end') or diag(explain { $proxy->servers });
for my $version (sort keys %exim) {
  my ($log, $begun, $ended);
  within(sub {    # one may be under way
    $log = $exim{$version}->log;
    ($begun, $ended) = map { scalar(() = $log =~ /check $_$/mg) } 'begun', 'ended';
    $begun == $ended;
  });
  ok($begun && $begun == $ended, "Exim behind $version answered each of HAProxy's health checks to its end") or diag("$begun were begun, $ended ended");
  unlike($log, qr/negotiation failed/, "Exim behind $version took all that came for good headers");
  # In version 1 there is no LOCAL: a check names HAProxy as the client, and the server as the target.
  like($log, qr/health check/, "Exim behind $version knows HAProxy's health checks") if $version ne 'v1';
}
Test::Exim::all_well();
done_testing();
