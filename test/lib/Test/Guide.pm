# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Guide;

# The cluster of doc-txt/guide on loopback addresses, for test/e2e/guide and test/e2e/cluster.t: Exims and HAProxy with the guide's
# own configuration files. They are used as they are: what a site has to change is set from outside, in the ways that the guide
# describes, for Exim a file of macros, for HAProxy environment variables.
#
#   cluster(OPTION...)       three nodes behind HAProxy at FRONT, all up: ({ port => N for 25, 465, 587, tls }, HAProxy, nodes)
#     conf => CODE           what gives the configuration of node N, in place of the guide's
#     rate => TEXT           CLIENT_RATE of the nodes
#   node(NAME, SITE), balancer(NAME, VALUES, FILE...)
#                            one of them; SITE and VALUES are macros and variables
#   guide(FILE)              its text
#   session(PORT, OPTION...) up to EHLO, the response to which is in {ehlo}; the node's name is in {node}. from, to, tls => 'on-connect' or 'STARTTLS'
#   mail(SESSION)            sends a mail; returns its line in the log and its first Received: header
#   recipient, authenticate  RCPT after a MAIL, AUTH: the response
#   greeting(FROM, PORT, TO) the first response, empty if the connection is closed or refused instead
#   nodes_used               the names of the nodes that new sessions come to
#   Test::Guide::client()    an address that none has used, so that no limit is reached by accident

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Test::Exim ();
use Test::HAProxy ();
use Test::Place qw(alive contents file find_tool free_ports has_ipv6 run_quietly within write_file);
use Test::SMTP ();

our @EXPORT = qw(FRONT NGINX NGINX6 BALANCER KUBELET PARTNER OPEN RATE NODE_RATE cluster node balancer guide session mail recipient authenticate greeting nodes_used);

# Addresses; the limits that HAProxy has for each client, and each node
use constant { FRONT => '127.0.1.1', NGINX => '127.0.1.3', NGINX6 => '127.0.1.4', BALANCER => '127.0.1.7', KUBELET => '127.0.1.8', PARTNER => '127.0.1.9',
  OPEN => 5, RATE => 40, NODE_RATE => 8 };

my $dir = abs_path(dirname(__FILE__) . '/../../../doc-txt/guide');
my ($clients, $messages, %port) = (0, 0);
my @node;

sub guide { my ($name) = @_; return contents("$dir/$name") || die "$dir/$name is missing\n" }
sub client { return '127.0.4.' . ++$clients }
sub named { my ($name) = @_; return (grep { $_->{name} eq $name } @node)[0] }

# --- Exim and HAProxy -----------------------------------------------------------------

sub node {
  my ($name, %site) = @_;
  my $home = file($name);
  my $node = Test::Exim->new($name, ports => 0, conf => delete $site{conf} // guide('exim.conf'), define => ["-DSITE_FILE=$home/site"], panic => delete $site{panic});
  push @node, $node;
  $node->{address} = $site{NODE_ADDRESSES};
  my %macro = (PORT_25 => $port{25}, PORT_465 => $port{465}, PORT_587 => $port{587}, PROXIES => join(' ; ', FRONT, NGINX, BALANCER), RELAY_FROM => PARTNER . ' ; ' . BALANCER,
    TCP_CHECKS => KUBELET, DRAIN_FILE => "$home/drain", CLIENT_RATE => NODE_RATE . ' / 1h', CONNECTIONS => 500, TLS_CERTIFICATE => file('exim.crt'), TLS_PRIVATE => file('exim.key'),
    LOCAL_DOMAINS => 'local.example', MAIL_ROOT => "$home/mail", AUTH_FILE => "$home/passwd", %site);
  write_file("$home/site", join '', map { "$_\n" } "primary_hostname = $name.example.com", (map { "$_ = $macro{$_}" } sort keys %macro),
    # what Exim needs to be run as a test, without being installed
    'exim_path = ' . Test::Exim::binary(), "spool_directory = $home", "log_file_path = $home/%slog", "pid_file_path = $home/pid", 'keep_environment =', 'deliver_drop_privilege = true');
  write_file("$home/passwd", 'user: {crypt}' . crypt('secret', '$5$salt$') . "\n");
  mkdir $_ or die "$_: $!\n" for "$home/mail", "$home/mail/user";
  Test::Exim::give("$home/mail", "$home/mail/user", "$home/passwd");
  return $node->start_daemon;
}

# clock: what the guide has for a network and people is too little for a busy machine. HAProxy waits longer, a node is not down because of
# a check or two that HAProxy itself finds slow, and what is counted for a minute is counted for an hour.
sub patient {
  my ($text) = @_;
  my %by = ('timeout check 10s' => 'timeout check 5m', 'timeout connect 5s' => 'timeout connect 5m', ' fall 2 ' => ' fall 5 ', 'conn_rate(1m)' => 'conn_rate(1h)');
  for my $old (sort keys %by) { $text =~ s/\Q$old\E/$by{$old}/ or die "haproxy.cfg does not have $old any more\n" }
  return $text;
}

sub balancer {
  my ($name, $values, @files) = @_;
  my $run = file("$name.run");
  mkdir $run or die "$run: $!\n";
  write_file("$run/$_", $_ eq 'haproxy.cfg' ? patient(guide($_)) : guide($_)) for @files;
  my $root = $> == 0 && defined getpwnam('haproxy') && -d '/var/lib/haproxy';
  my %value = (LOG_TO => 'stdout', RUN_DIR => $run, $root ? () : (RUN_AS => ''), (map { ("PORT_$_" => $port{$_}) } 25, 465, 587), CHECK_EVERY => '1s',
    CLIENT_OPEN => OPEN, CLIENT_RATE => RATE, %$values);
  local @ENV{ keys %value } = values %value;
  my $proxy = Test::HAProxy->run($name, "$run/admin.sock", '-W', map { ('-f', "$run/$_") } @files);
  $proxy->{run} = $run;
  return $proxy;
}

sub cluster {
  my (%o) = @_;
  find_tool($_) // plan(skip_all => "no $_ here: run scripts/setup test") for qw(haproxy openssl);
  eval { require Net::SSLeay } or plan(skip_all => 'no Net::SSLeay here: run scripts/setup test');
  Test::Exim::binary();
  for my $name (qw(exim proxy)) {
    run_quietly('openssl', qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2), '-subj', "/CN=$name.example", '-keyout', file("$name.key"), '-out', file("$name.crt"));
  }
  write_file(file('proxy.pem'), contents(file('proxy.crt')) . contents(file('proxy.key')));
  Test::Exim::give(file('exim.key'));
  @port{25, 465, 587, 'tls'} = free_ports(4);
  my @three = map { node("mx$_", NODE_ADDRESSES => "127.0.2.$_", panic => $o{panic}, $o{conf} ? (conf => $o{conf}->($_)) : (), $o{rate} ? (CLIENT_RATE => $o{rate}) : ()) } 1 .. 3;
  $_->ready for @three;
  my $proxy = balancer('haproxy', { PUBLIC4 => FRONT, PUBLIC6 => has_ipv6() ? '[::1]' : '127.0.1.2', PROXY_SOURCE => FRONT, (map { ("MX$_" => "127.0.2.$_") } 1 .. 3),
    PUBLIC_TLS => FRONT . ":$port{tls}", TLS_PEM => file('proxy.pem'), %{ $o{haproxy} // {} } }, 'haproxy.cfg', 'haproxy-tls.cfg');
  $proxy->all_up(3) or die "HAProxy does not find all nodes up\n", $proxy->said;
  return (\%port, $proxy, @three);
}

# As the guide has it: the state is saved, then the master is told. Waits until the new worker answers.
sub reload {
  my ($proxy) = @_;
  my $before = $proxy->worker;
  write_file("$proxy->{run}/state", $proxy->admin('show servers state'));
  kill 'USR2', $proxy->{pid};
  within(sub { alive($proxy->{pid}); my $now = $proxy->worker; $now && $now != $before }) or die "HAProxy is not reloaded\n", $proxy->said;
  return;
}

# --- sessions -------------------------------------------------------------------------

sub session {
  my ($port, %o) = @_;
  my $c = Test::SMTP->connect(from => $o{from} // client(), to => $o{to} // FRONT, port => $port);
  my $tls = $o{tls} // '';
  $c->{handshake} = $c->tls if $tls eq 'on-connect';
  $c->{banner} = $c->reply // '';
  ($c->{node}) = $c->{banner} =~ /^220 (mx\d)\.example\.com / or return $c;
  $c->{ehlo} = $c->command('EHLO client.example', qr/^250/);
  if ($tls eq 'STARTTLS') {
    $c->command('STARTTLS', qr/^220/);
    $c->{handshake} = $c->tls;
    $c->{ehlo} = $c->command('EHLO client.example', qr/^250/);
  }
  return $c;
}

sub mail {
  my ($c) = @_;
  my $id = $c->message('m' . ++$messages . '@client.example', 'user@local.example');
  my $node = named($c->{node});
  my $mail;
  within(sub { ($mail) = grep { /^\s+id \Q$id\E\b/m } map { contents($_) } glob $node->path('mail/user/new/*') });
  return ($node->logs(qr/ \Q$id\E <= /), ($mail // '') =~ /^(Received:.*\n(?:[ \t].*\n)*)/m);
}

sub recipient {
  my ($c, $to) = @_;
  $c->command('MAIL FROM:<someone@client.example>', qr/^250/);
  my $reply = $c->command("RCPT TO:<$to>", qr/^/);
  $c->command('RSET', qr/^250/);
  return $reply;
}

sub authenticate { my ($c) = @_; return $c->command('AUTH PLAIN ' . encode_base64("\0user\0secret", ''), qr/^/) }

# The nodes that new sessions come to, on two ports
sub nodes_used {
  my %used;
  for (1 .. 5) {
    my $ip = client();
    for ([$port{25}], [$port{465}, tls => 'on-connect']) {
      my $c = session(@$_, from => $ip);
      $used{ $c->{node} // $c->{banner} } = 1;
      $c->quit;
    }
  }
  return join ' ', sort keys %used;
}

sub greeting {
  my ($from, $port, $to) = @_;
  my $c = eval { Test::SMTP->connect(from => $from, to => $to // FRONT, port => $port) } or return '';
  my $reply = $c->reply // return '';
  eval { $c->quit };
  return $reply;
}

1;
