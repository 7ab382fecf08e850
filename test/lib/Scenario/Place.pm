# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Place;

# One scenario's surroundings: its own directory laid out as a script, a
# configuration and Exim expect it ("DIR"), its own ports, the substitutions.

use strict;
use warnings;
use File::Glob ":bsd_glob";
use File::Path qw(remove_tree);
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY);

# runtest's fixed port numbers and the names that scripts use for them
my %fixed = (PORT_N => 1223, PORT_S => 1224, PORT_D => 1225,
             PORT_D2 => 1226, PORT_D3 => 1227, PORT_D4 => 1228);

# Below the range from which Linux takes the ports of outgoing connections.
use constant { FIRST_PORT => 20_000, LAST_PORT => 32_000 };

# world: a Scenario::World; number: the scenario's
sub new {
  my ($class, $world, $number) = @_;
  my $self = bless { world => $world, number => $number, dir => "$world->{top}/$number",
    held => [], dynamic => undef }, $class;
  $self->{port} = { map { $_ => $self->take_port } sort keys %fixed };
  $self->layout;
  $self->auxiliary('aux-var');
  $self->auxiliary('dnszones');
  $self->own_zones;
  return $self;
}

# From the ports in use here to runtest's.
sub port_map {
  my ($self) = @_;
  return { map { $self->{port}{$_} => $fixed{$_} } keys %fixed };
}

sub remove {
  my ($self) = @_;
  remove_tree($self->{dir});
  return;
}

# --- ports --------------------------------------------------------------------

# A port is held for a scenario by binding its UDP twin: every runner on this
# machine sees that, it ends with the process, and TCP stays free for Exim.
sub take_port {
  my ($self) = @_;
  for (1 .. 1000) {
    my $port = FIRST_PORT + int rand(LAST_PORT - FIRST_PORT);
    socket my $holder, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
    bind $holder, pack_sockaddr_in($port, INADDR_LOOPBACK) or next;
    next if not free_tcp(AF_INET, pack_sockaddr_in($port, INADDR_ANY));
    next if $self->{world}{have_ipv6}
      and not free_tcp(AF_INET6, pack_sockaddr_in6($port, Socket::IN6ADDR_ANY()));
    push @{ $self->{held} }, $holder;
    return $port;
  }
  die "found no free port between ${\FIRST_PORT} and ${\LAST_PORT}\n";
}

sub free_tcp {
  my ($family, $address) = @_;
  socket my $s, $family, SOCK_STREAM, 0 or return 0;
  setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
  setsockopt $s, IPPROTO_IPV6, IPV6_V6ONLY, 1 if $family == AF_INET6;
  return bind $s, $address;
}

# PORT_DYNAMIC: a socket already listening, for a daemon in inetd's wait mode.
sub dynamic_port {
  my ($self) = @_;
  if (not $self->{dynamic}) {
    my $port = $self->take_port;
    socket my $s, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
    bind $s, pack_sockaddr_in($port, INADDR_LOOPBACK) or die "port $port: $!\n";
    listen $s, 10 or die "port $port: $!\n";
    @$self{qw(dynamic dynamic_number)} = ($s, $port);
  }
  return $self->{dynamic_number};
}

# --- substitution -------------------------------------------------------------

# What scripts, configurations, aux-var-src and dnszones-src may contain.  The
# order and the edges of the words are runtest's.
sub substitute {
  my ($self, $text, $number) = @_;
  my ($world, $port) = @$self{qw(world port)};
  my $test = $number // $self->{number};
  my $v4 = $world->TEST_NET_V4;
  my $v6 = $world->TEST_NET_V6;
  $text =~ s/\bCALLER\b/$world->{caller}/g;
  $text =~ s/\bCALLERGROUP\b/$world->{caller_group}/g;
  $text =~ s/\bCALLER_UID\b/$world->{caller_uid}/g;
  $text =~ s/\bCALLER_GID\b/$world->{caller_gid}/g;
  $text =~ s{\bDIR/}{$self->{dir}/}g;
  $text =~ s/\bEXIMGROUP\b/$world->{exim_group}/g;
  $text =~ s/\bEXIMUSER\b/$world->{exim_user}/g;
  $text =~ s/\bHOSTIPV4\b/$world->{ipv4}/g;
  $text =~ s/\bHOSTIPV6\b/$world->{ipv6}/g;
  $text =~ s/\bHOSTNAME\b/$world->{hostname}/g;
  $text =~ s/(?:\b|_)\KPORT_D\b/$port->{PORT_D}/g;
  $text =~ s/\b(PORT_(?:D[234]|N|S))\b/$port->{$1}/g;
  $text =~ s/\bTESTNUM\b/$test/g;
  $text =~ s/(?:\b|_)\KV4NET(?=[._])/$v4/g;
  $text =~ s/\bV6NET:?/$v6:/g;
  $text =~ s/\bPORT_DYNAMIC\b/$self->dynamic_port/ge;
  $text =~ s/\bMAILGROUP\b/$world->{exim_group}/g;
  return $text;
}

sub substitute_file {
  my ($self, $from, $to, $number) = @_;
  open my $in, '<', $from or die "cannot read $from: $!\n";
  my $text = do { local $/; <$in> } // '';
  write_file($to, $self->substitute($text, $number));
  return;
}

sub write_file {
  my ($path, @text) = @_;
  open my $out, '>', $path or die "cannot write $path: $!\n";
  print {$out} @text;
  close $out or die "cannot write $path: $!\n";
  return;
}

# --- the directory ------------------------------------------------------------

sub layout {
  my ($self) = @_;
  my ($world, $dir) = @$self{qw(world dir)};
  mkdir $dir or die "cannot make $dir: $!\n";
  for my $made (qw(aux-var dnszones eximdir spool test-mail)) {
    mkdir "$dir/$made" or die "cannot make $dir/$made: $!\n";
  }
  symlink "../$_", "$dir/$_" for qw(bin aux-fixed);
  link "$world->{top}/exim/exim", "$dir/eximdir/exim" or die "cannot link the test binary: $!\n";
  symlink '/bin/sh', "$dir/aux-var/sh";
  chmod 0750, "$dir/eximdir";
  return if not $world->{root};
  my $owner = $world->{setuid} ? $world->{caller_uid} : 0;
  chown $owner, $world->{caller_gid}, $dir, "$dir/test-mail", "$dir/aux-var";
  # the setuid binary obeys any configuration: for the caller and Exim alone
  chown $owner, $world->{exim_gid}, "$dir/eximdir";
  chown $world->{exim_uid}, $world->{exim_gid}, "$dir/spool";
  return;
}

# What a configuration includes, and DNS zones, with substitutions made.  A
# number at the front of a file's name is what TESTNUM means there.
sub auxiliary {
  my ($self, $name) = @_;
  my $world = $self->{world};
  my $from = "$world->{suite}/$name-src";
  $from = "$world->{home}/$name-src" if not -d $from;
  for my $path (glob "$from/*") {
    my ($file) = $path =~ m{([^/]+)$};
    my $number = $file =~ /^(\d+)/ ? $1 : 0;
    my $v6 = join '.', reverse split //, $world->TEST_NET_V6;
    $file =~ s/^db\.ip4\.\KV4NET$/${\$world->TEST_NET_V4}/;
    $file =~ s/^db\.ip6\.\KV6NET$/$v6/;
    $self->substitute_file($path, "$self->{dir}/$name/$file", $number);
  }
  return;
}

# This host's own names and addresses, in zones made for the purpose.
sub own_zones {
  my ($self) = @_;
  my ($world, $zones) = ($self->{world}, "$self->{dir}/dnszones");
  my $host = $world->{hostname};
  # a host name of one component gets a zone that is only itself
  my $zone = $host =~ /^[^.]+\.(.+)/ ? $1 : $host;
  if ($host ne 'localhost' and not -e "$zones/db.$zone") {
    write_file("$zones/db.$zone", "$host. A $world->{ipv4}\n",
      $world->{own_ipv6} ? "$host. AAAA $world->{ipv6}\n" : ());
  }
  reverse_record("$zones/db.ip4.", $world->{ipv4_reversed}, 1, $host);
  reverse_record("$zones/db.ip6.", $world->{ipv6_reversed}, 4, $host) if $world->{own_ipv6};
  return;
}

# The zone is the last parts of the reversed address.
sub reverse_record {
  my ($prefix, $reversed, $zone_parts, $host) = @_;
  my @parts = split /\./, $reversed;
  my $zone = join '.', splice @parts, -$zone_parts;
  open my $out, '>>', "$prefix$zone" or die "cannot write $prefix$zone: $!\n";
  print {$out} join('.', @parts), " PTR $host.\n";
  close $out;
  return;
}

1;
