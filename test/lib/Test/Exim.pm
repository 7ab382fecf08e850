# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Exim;

# Exims of one binary, each with a configuration, a directory, ports and logs of its own.
#
#   my $exim = Test::Exim->new(NAME, OPTION...);
#
#   main => TEXT         more for the main section; DIR in it stands for the Exim's directory, PORT for its first port
#   rest => TEXT         what follows the main section: ACLs, routers...; MAILBOX is routers and transports for a mailbox
#   hostname => NAME     its primary_hostname
#   addresses => [...]   where it listens: [127.0.0.1, ::1] if not given
#   spool => DIRECTORY   its spool_directory, if not its own
#   ports => N           how many ports (1)
#   tls => N             how many more, for TLS on connect
#   certificate => 1     STARTTLS also without such ports
#   conf => TEXT         its whole configuration; with `define`, arguments for each command of it
#   before => [...]      the start of a command that ends by running the daemon
#   panic => REGEX       lines that its panic log may have, and what else it says though that tells of a crash
#
# The binary is the one argument of the test file, or in the environment as TEST_EXIM_BINARY, or the default release's in
# build/; without one the test file is skipped. The tests run a copy, in their directory, so that Exim's own user can run it.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use POSIX qw(WNOHANG);
use Test::More;
use Test::Place qw(file free_ports within contents write_file run_quietly start stop stop_all leftover);
use Test::SMTP ();

our @EXPORT_OK = qw(MAILBOX);

use constant MAILBOX => <<'END';
begin routers
mailbox:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  file = DIR/mailbox
END

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $fixed = "$root/test/aux-fixed";
my ($binary, @uid_gid);
my @all;

sub all { return @all }

sub binary {
  return $binary if defined $binary;
  my $given = given();
  $binary = file('exim.binary');
  copy($given, $binary) or die "$binary: $!\n";
  chmod 0755, $binary;
  write_file(file('any.conf'), "keep_environment =\nprimary_hostname = any.example\n");
  my ($user) = says('-bP', 'exim_user') =~ /^exim_user = (\S+)/m or die "$given does not answer -bP exim_user\n";
  @uid_gid = $user =~ /\A\d+\z/ ? (getpwuid $user)[2, 3] : (getpwnam $user)[2, 3] if !$>;
  return $binary;
}

sub given {
  my $given = $ARGV[0] // $ENV{TEST_EXIM_BINARY};
  if (!defined $given) {
    my ($release) = contents("$root/scripts/lib/common.sh") =~ /^default_release=(\S+)/m;
    $given = "$root/build/$release/exim";
    plan(skip_all => "no Exim binary: run scripts/build, or name one, as in `prove -r test/e2e :: BINARY`") if !-e $given;
  }
  -f $given && -x _ or die "$given is not a program\n";
  return abs_path($given);
}

# What the binary says without a configuration
sub says { my (@arguments) = @_; return qx('@{[binary()]}' -C '@{[file('any.conf')]}' @arguments 2>/dev/null) }
sub release { return says('-bV') =~ /^Exim version (\S+)/ ? $1 : die "-bV says nothing\n" }

# Make this a file of Exim's own user.
sub give { chown @uid_gid, @_ or die "@_: $!\n" if @uid_gid; return }

sub new {
  my ($class, $name, %self) = @_;
  my $self = bless { addresses => ['127.0.0.1', '::1'], ports => 1, tls => 0, main => '', rest => '', hostname => "$name.test", %self, name => $name, home => file($name) }, $class;
  my ($n, $tls) = @$self{qw(ports tls)};
  @$self{qw(ports tls_ports)} = ([free_ports($n)], [free_ports($tls)]);
  mkdir $self->{home} or die "$self->{home}: $!\n";
  write_file($self->path('exim.conf'), $self->{conf} // $self->configuration);
  give($self->{home});
  push @all, $self;
  return $self;
}

sub path { my ($self, @name) = @_; return join '/', $self->{home}, @name }

sub configuration {
  my ($self) = @_;
  my ($home, @tls) = ($self->{home}, $self->{tls_ports}->@*);
  my $text = join '', map { "$_\n" } "exim_path = @{[binary()]}", "primary_hostname = $self->{hostname}", "spool_directory = @{[$self->{spool} // $home]}",
    "log_file_path = $home/%slog", "pid_file_path = $home/pid", 'keep_environment =', 'deliver_drop_privilege = true',
    'local_interfaces = <; ' . join(' ; ', $self->{addresses}->@*), 'daemon_smtp_ports = ' . join(' : ', $self->{ports}->@*, @tls),
    @tls ? 'tls_on_connect_ports = ' . join(' : ', @tls) : (),
    $self->{main} =~ /^tls_certificate/m ? () : @tls || $self->{certificate} ? ("tls_certificate = $fixed/4082.crt", 'tls_privatekey = ' . private_key()) : 'tls_advertise_hosts =',
    $self->{main}, $self->{rest};
  $text =~ s/\bDIR\b/$home/g;
  $text =~ s/\bPORT\b/$self->{ports}[0]/g;
  return $text;
}

sub private_key {    # which only Exim's own user may read
  my $key = file('key');
  if (!-e $key) {
    copy("$fixed/4082.key", $key) or die "$key: $!\n";
    chmod 0600, $key;
    give($key);
  }
  return $key;
}

sub command { my ($self, @arguments) = @_; return (binary(), '-C', $self->path('exim.conf'), @{ $self->{define} // [] }, @arguments) }

sub log { my ($self, $which) = @_; return contents($self->path(($which // 'main') . 'log')) }

sub starts { my ($self) = @_; return scalar(() = $self->log =~ / daemon started: /g) }

# Waits for a line of the log that matches, and returns it; undef if none comes.
sub logs {
  my ($self, $like) = @_;
  my $line;
  within(sub { ($line) = $self->log =~ /^(.*$like.*)$/m });
  return $line;
}

# Starts the daemon, and does not wait for it.
sub start_daemon {
  my ($self) = @_;
  $self->{started} = $self->starts;
  $self->{pid} = start($self->{name}, @{ $self->{before} // [] }, $self->command('-bdf'));
  return $self;
}

sub alive { my ($self) = @_; return Test::Place::alive($self->{pid}) }

# Waits until it listens, or dies of what it said.
sub ready {
  my ($self) = @_;
  within(sub { $self->alive; $self->starts > $self->{started} && contents($self->path('pid')) =~ /^\d+$/m }) or die "$self->{name} does not start\n";
  return $self;
}

# Its sessions and deliveries go on.
sub stop_daemon { my ($self, $signal) = @_; stop($self->{pid}, $signal // 'TERM'); return }

# As if the machine's power failed, except that the system still writes what it has: the daemon first, then all of its
# processes until there are none. Each has the configuration on its command line.
sub kill_all {
  my ($self) = @_;
  stop($self->{pid}, 'KILL');
  my $conf = $self->path('exim.conf');
  within(sub {
    my @pid = map { m{(\d+)} } grep { contents("$_/cmdline") =~ /\0-C\0\Q$conf\E\0/ && contents("$_/stat") !~ /\A\d+ \(.*\) Z/s } glob '/proc/[0-9]*';
    kill 'KILL', @pid;
    !@pid;
  }) or die "processes of $self->{name} do not end\n";
  return;
}

# Runs it for something else than a daemon, and returns what it said.
sub run {
  my ($self, @arguments) = @_;
  run_quietly("$self->{name}-run", $self->command(@arguments));
  return contents(file("$self->{name}-run.out"));
}

sub queued { my ($self) = @_; return $self->run('-bpc') =~ /^(\d+)$/m ? $1 : die "-bpc does not say how many\n" }

# The daemon's children, also those that have ended and not been waited for
sub children { my ($self) = @_; return map { m{/(\d+)/} } grep { contents($_) =~ /\A\d+ \(.*\) \S $self->{pid} /s } glob '/proc/[0-9]*/stat' }

# Waits until there are none. The daemon may miss the signal of the last one, and would then wait for its next client.
sub no_children { my ($self) = @_; return within(sub { kill 'CHLD', $self->{pid}; !$self->children }) }

# What must hold in the end, for all of them; the daemons end here.
sub all_well {
  my @daemon = grep { defined $_->{pid} } @all;
  my @dead = grep { !eval { $_->alive } } @daemon;
  is(join(', ', map { $_->{name} } @dead), '', 'every daemon is alive at the end');
  stop_all();
  my %left;
  within(sub { %left = leftover(); !%left });
  is(join("\n", values %left), '', 'no process of theirs is left');
  my (@bad, @raw);
  for my $exim (@all) {
    my $said = $exim->{panic};
    push @bad, map { "$exim->{name}/paniclog: $_" } grep { !/lost privilege for using -C option/ && !($said && $_ =~ $said) } split /\n/, $exim->log('panic');
    push @bad, map { "$exim->{name}/mainlog: $_" } grep { /SIGSEGV|SIGABRT|SIGBUS|SIGFPE|signal \d|terminated abnormally|panic|assert|corrupt|[Tt]aint/ && !/ CONN |input="/ && !($said && $_ =~ $said) } split /\n/, $exim->log;
    push @bad, map { "$exim->{name}: $_" } grep { /Sanitizer|runtime error|\bERROR\b|Segmentation|abort/ && !($said && $_ =~ $said) } split /\n/, contents(file("$exim->{name}.out"));
    for my $which (qw(main reject panic)) { push @raw, map { "$exim->{name}/${which}log: " . Test::SMTP::printing($_) } grep { /[^\x20-\x7e\t]/ } split /\n/, $exim->log($which) }
  }
  is(join("\n", @bad), '', 'no log tells of a crash, a signal or a panic');
  is(join("\n", @raw), '', 'no log has a byte that a terminal would obey');
  return;
}

1;
