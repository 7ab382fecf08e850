# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::World;

# What is the same for every scenario of a run: the binary under test and what
# it was built with, the accounts, this machine's names and addresses.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use IO::Socket::IP ();
use POSIX ();

use constant TEST_NET_V4 => 224;       # "V4NET", a multicast network no host has
use constant TEST_NET_V6 => 'ff00';    # "V6NET"

# Accounts that may stand for an ordinary caller when the runner is root.  The
# name is munged wherever it stands as a word, so a name that also is a word
# (daemon, proxy, mail, nobody) would spoil the output.
my @ordinary = qw(games www-data uucp irc nobody);

# Exim's status strings and its marker after the version; see globals.c, version.c
use constant { LIVE => '>>>running<<<', TESTING => '<<<testing>>>',
               VERSION_MARK => "\0<<eximversion>>", VERSION_SHOWN => 'x.yz' };

# arg: exim, suite, home (the directory of the runner), and optionally ipv4, ipv6
sub new {
  my ($class, %arg) = @_;
  my $self = bless { %arg, root => $> == 0 }, $class;
  $self->{top} = abs_path(tempdir('rtXXXXXX', TMPDIR => 1));
  $self->{owner_pid} = $$;
  chmod 0711, $self->{top};
  $self->copy_tools;
  $self->patch_binary;
  $self->accounts;
  $self->features;
  $self->addresses;
  return $self;
}

sub DESTROY {
  my ($self) = @_;
  return if not $self->{owner_pid} or $self->{owner_pid} != $$ or $self->{keep};
  require File::Path;
  local ($?, $@, $!);
  File::Path::remove_tree($self->{top});
  return;
}

# The suite may stand where Exim's run-time user cannot go, so what is used
# while a scenario runs is copied.
sub copy_tools {
  my ($self) = @_;
  my $bin = "$self->{top}/bin";
  mkdir $bin;
  for my $tool (qw(client fakens server)) {
    copy("$self->{home}/bin/$tool", "$bin/$tool") or die "cannot copy bin/$tool: $!\n";
    chmod 0755, "$bin/$tool";
  }
  for my $variant (qw(client-ssl client-gnutls client-anytls)) {
    symlink 'client', "$bin/$variant";
  }
  if (-d "$self->{suite}/aux-fixed") {
    system('cp', '-RL', "$self->{suite}/aux-fixed", "$self->{top}/aux-fixed") == 0
      or die "cannot copy $self->{suite}/aux-fixed\n";
    system('chmod', '-R', 'u+rwX,go+rX,go-w', "$self->{top}/aux-fixed");
  }
  else { mkdir "$self->{top}/aux-fixed" }
  return;
}

# A copy that knows it is under test: it then takes -C and -D without giving up
# privilege, asks DIR/bin/fakens for DNS and calls itself x.yz.
sub patch_binary {
  my ($self) = @_;
  open my $in, '<:raw', $self->{exim} or die "cannot read $self->{exim}: $!\n";
  my $image = do { local $/; <$in> };
  my $live = LIVE;
  $image =~ s/\Q$live\E/${\TESTING}/g
    or die "$self->{exim} has no harness switch inside: is it an Exim binary?\n";
  my $mark = index $image, VERSION_MARK;
  die "$self->{exim}: no version found inside\n" if $mark < 0;
  my $start = 1 + rindex $image, "\0", $mark - 1;
  $self->{version} = substr $image, $start, $mark - $start;
  my ($minor) = $self->{version} =~ /^4\.(\d+)/;
  $self->{short_ids} = defined $minor && $minor < 97;
  $self->{old_words} = defined $minor && $minor < 96;
  my $shown = VERSION_SHOWN . "\0";
  substr($image, $start, $mark - $start)
    = substr $shown . '*' x ($mark - $start), 0, $mark - $start;
  mkdir "$self->{top}/exim", 0700;
  open my $out, '>:raw', "$self->{top}/exim/exim" or die "cannot write the test binary: $!\n";
  print {$out} $image;
  close $out or die "cannot write the test binary: $!\n";
  chmod 0755, "$self->{top}/exim/exim";
  return;
}

# --- accounts ----------------------------------------------------------------

# Output of the patched binary, run as ourselves with a configuration that says
# nothing but where to write.
sub ask {
  my ($self, @args) = @_;
  my $conf = "$self->{top}/probe.conf";
  if (not -e $conf) {
    mkdir "$self->{top}/probe";
    chmod 0777, "$self->{top}/probe";
    open my $out, '>', $conf or die "cannot write $conf: $!\n";
    print {$out} map { "$_\n" } "spool_directory = $self->{top}/probe",
      "log_file_path = $self->{top}/probe/%slog", 'keep_environment =';
    close $out;
  }
  my @command = ("$self->{top}/exim/exim", '-C', $conf, @args);
  open my $pipe, '-|', "@command 2>&1 </dev/null" or die "cannot run $command[0]: $!\n";
  my @lines = <$pipe>;
  close $pipe;
  return @lines;
}

sub accounts {
  my ($self) = @_;
  my %said = map { /^(\w+) = (.*)$/ ? ($1 => $2) : () }
    my @lines = $self->ask('-bP', 'exim_user', 'exim_group', 'primary_hostname');
  defined $said{exim_user}
    or die "$self->{exim} does not tell its run-time user; it said:\n@lines";
  $self->{hostname} = $said{primary_hostname} // 'localhost';
  $self->exim_account($said{exim_user}, $said{exim_group});
  $self->caller_account;
  return;
}

sub exim_account {
  my ($self, $user, $group) = @_;
  $user = getpwuid $user // $user if $user =~ /^\d+$/;
  $group //= (getpwnam $user)[3];
  $group = getgrgid($group) // $group if $group =~ /^\d+$/;
  @$self{qw(exim_user exim_group)} = ($user, $group);
  $self->{exim_uid} = getpwnam $user // die "no account \"$user\", Exim's run-time user\n";
  $self->{exim_gid} = getgrnam($group) // (getpwnam $user)[3];
  return;
}

# As root: commands run as an ordinary account with a setuid-root binary, as in
# Exim's own runtest, or all as root where setuid does not work.  Otherwise:
# all as ourselves.
sub caller_account {
  my ($self) = @_;
  my $name = getpwuid $>;
  if ($self->{root}) {
    my @fit = grep { my @pw = getpwnam $_;
                     @pw and $pw[2] != $self->{exim_uid} and $pw[3] != $self->{exim_gid} } @ordinary;
    # deliveries are made in the caller's home
    ($name) = ((grep { -d((getpwnam $_)[7]) } @fit), @fit);
    defined $name or die "found none of the accounts @ordinary to run commands as\n";
  }
  my @pw = getpwnam $name;
  @$self{qw(caller caller_uid caller_gid caller_home)} = @pw[0, 2, 3, 7];
  $self->{caller_group} = getgrgid($pw[3]) // $pw[3];
  $self->{setuid} = $self->{root} && $self->setuid_works;
  if ($self->{setuid}) { chmod 04755, "$self->{top}/exim/exim" }
  my @names = ($self->{caller}, $self->{caller_group}, $self->{root} && !$self->{setuid} ? 'root' : ());
  $self->{caller_pattern} = caller_pattern(@names);
  my $uids = join '|', $self->{caller_uid}, $self->{root} && !$self->{setuid} ? 0 : ();
  $self->{caller_uids} = qr/(?:$uids)/;
  return;
}

# Output is munged by word; a caller whose name is a common word of Exim's own
# output is only looked for where names stand.
sub caller_pattern {
  my @words = map { quotemeta } @_;
  my $all = join '|', @words;
  return qr/\b(?:$all)\b/
    if not grep { /^(?:exim|user|mail|test|daemon|proxy|host|client|server|smtp|log|queue|message|id|local|remote)$/ } @_;
  return qr/(?:(?<=U=)|(?<=user=)|(?<=login=)|(?<=from ))(?:$all)\b|\b(?:$all)(?=@)/;
}

sub setuid_works {
  my ($self) = @_;
  my ($id) = grep { -x } map { "$_/id" } split /:/, "$ENV{PATH}:/usr/bin:/bin";
  return 0 if not defined $id;
  my $copy = "$self->{top}/id";
  copy($id, $copy) or return 0;
  chmod 04755, $copy;
  my $pid = open my $pipe, '-|';
  return 0 if not defined $pid;
  if (not $pid) { $self->become_caller; exec $copy, '-u' or POSIX::_exit(1) }
  my $answer = <$pipe> // '';
  close $pipe;
  unlink $copy;
  return $answer eq "0\n";
}

# In a child: give up root for good.  The caller must be in Exim's group, which
# makes him an administrator for Exim.
sub become_caller {
  my ($self) = @_;
  return if not $self->{root};
  $) = "$self->{caller_gid} $self->{caller_gid} $self->{exim_gid}";
  POSIX::setgid($self->{caller_gid});
  POSIX::setuid($self->{caller_uid});
  die "cannot become $self->{caller}\n" if $> != $self->{caller_uid};
  return;
}

# --- features -----------------------------------------------------------------

sub features {
  my ($self) = @_;
  my %has = map { $_ => {} } qw(support lookup authenticator router transport malware running);
  # which are built in and which are modules: said by some releases only
  my $kind = qr/(?: ?\((?:built-in|dynamic)\))?: */;
  my @heads = ([support => qr/^Support for: (.*)/], [lookup => qr/^Lookups$kind(.*)/],
    [authenticator => qr/^Authenticators$kind(.*)/], [router => qr/^Routers$kind(.*)/],
    [transport => qr/^Transports$kind(.*)/], [malware => qr/^Malware: (.*)/]);
  for my $line ($self->ask('-d-all+transport', '-bV')) {
    for my $head (@heads) {
      next if $line !~ $head->[1];
      $has{ $head->[0] }{$_} = 1 for map { transport_names($_) } split ' ', $1;
    }
  }
  %{ $has{support} } or die "$self->{exim} -bV does not list its features\n";
  $self->{has} = \%has;
  return;
}

# appendfile/maildir/mbx: the transport, and each of its options with it
sub transport_names {
  my ($name, @options) = split m{/}, $_[0];
  return ($name, map { "$name/$_" } @options);
}

sub has_macro {
  my ($self, $macro) = @_;
  return scalar grep { /^\Q$macro\E=/ } $self->ask('-bP', 'macros');
}

# --- addresses -----------------------------------------------------------------

# HOSTIPV4 should be an address of a real interface, as in Exim's runtest; it is
# only ever used between processes of this machine.  A machine with none gets
# one of 127/8, from which bin/client then calls.
sub addresses {
  my ($self) = @_;
  my @found = interface_addresses();
  $self->{ipv4} //= (grep { /^\d+\./ and not /^(?:127|0|10\.250)\./ and can_bind($_) } @found)[0]
    // '127.99.98.97';
  my $v6 = can_bind('::1') && $self->{has}{support}{IPv6};
  $self->{ipv6} = undef if not $v6;
  $self->{ipv6} //= (grep { /:/ and not /^(?:::1?$|ff00|fe80)/i and can_bind($_) } @found)[0] if $v6;
  $self->{have_ipv6} = $v6;
  $self->{own_ipv6} = defined $self->{ipv6};
  $self->{ipv6} //= '<no IPv6 address found>';
  $self->{has}{running}{IPv4} = 1;
  $self->{has}{running}{IPv6} = 1 if $v6;
  delete $self->{has}{support}{IPv6} if not $v6;
  $self->{ipv4_reversed} = join '.', reverse split /\./, $self->{ipv4};
  $self->{ipv6_reversed} = $self->{own_ipv6} ? nibbles($self->{ipv6}) : $self->{ipv6};
  return;
}

sub interface_addresses {
  my @found;
  if (open my $pipe, '-|', 'ip -o address show 2>/dev/null') {
    while (<$pipe>) { push @found, $1 if /\sinet6?\s([^\s\/]+)/ }
    close $pipe;
  }
  return @found if @found;
  if (open my $pipe, '-|', 'hostname -I 2>/dev/null') {
    push @found, map { split } <$pipe>;
    close $pipe;
  }
  return @found;
}

sub can_bind {
  my ($address) = @_;
  return !!IO::Socket::IP->new(LocalHost => $address, LocalPort => 0, Listen => 1,
    GetAddrInfoFlags => Socket::AI_NUMERICHOST());
}

# 2001:db8::1 as in the name of its reverse record, without the zone
sub nibbles {
  my ($address) = @_;
  my $bytes = Socket::inet_pton(Socket::AF_INET6(), $address) // return $address;
  return join '.', reverse split //, unpack 'H32', $bytes;
}

1;
