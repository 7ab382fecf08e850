# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Place;

# What a test file has for itself: a directory, TCP ports, and processes, all of which end with it. Any number of
# test files may run at the same time.

use strict;
use warnings;
use Exporter qw(import);
use File::Temp qw(tempdir);
use IO::Socket::IP ();
use IO::Socket::UNIX ();
use POSIX qw(:sys_wait_h);
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(sleep);
use Lateness qw(now);

our @EXPORT_OK = qw(HANG new_directory file has_ipv6 free_ports within contents write_file find_tool
  spawn start said alive stop stop_all run_quietly leftover);

# clock: seconds after which what is waited for will not come. Not a verdict on speed: only a hang takes that long.
use constant HANG => 300;

my $owner = $$;
my $dir;
my %started;                  # pid => name of the processes that are to be ended
my @reserved;                 # what shows other tests that a port is ours

# The directory, which is made when it is first asked for, or a file in it.
sub file { return join '/', $dir // new_directory(), @_ }

# Another one from here on. TEST_KEEP=1 leaves it behind.
sub new_directory {
  $dir = tempdir('exim-test-XXXXXX', TMPDIR => 1, CLEANUP => !$ENV{TEST_KEEP});
  chmod 0755, $dir or die "$dir: $!\n";
  print "# the files are in $dir\n" if $ENV{TEST_KEEP};
  return $dir;
}

sub contents {
  my ($file) = @_;
  open my $in, '<', $file or return '';
  local $/;
  return readline($in) // '';
}

sub write_file {
  my ($file, $text) = @_;
  open my $out, '>', $file or die "$file: $!\n";
  print {$out} $text;
  close $out or die "$file: $!\n";
  return;
}

# Wait until this is true, and return what it is.
sub within {
  my ($done) = @_;
  my $until = now + HANG;    # clock: a hang
  my $is;
  sleep 0.05 until ($is = $done->()) || now > $until;    # clock: between two looks
  return $is;
}

sub find_tool {
  my ($name) = @_;
  for my $path (split(/:/, $ENV{PATH}), qw(/usr/sbin /sbin)) { return "$path/$name" if -x "$path/$name" }
  return;
}

sub has_ipv6 { return defined IO::Socket::IP->new(LocalHost => '::1', Listen => 1, Type => SOCK_STREAM) }

# Ports that nobody has at any address, below those that the system gives to clients.
sub free_ports {
  my ($n) = @_;
  my @any = ('0.0.0.0', has_ipv6() ? '::' : ());
  my @port;
  while (@port < $n) {
    my $port = 10_000 + int rand 22_000;
    my $mine = IO::Socket::UNIX->new(Local => "\0exim-test-port-$port", Listen => 1) or next;
    next if @any != grep { IO::Socket::IP->new(LocalHost => $_, LocalPort => $port, Listen => 1, V6Only => 1) } @any;
    push @reserved, $mine;
    push @port, $port;
  }
  return @port;
}

# --- processes ------------------------------------------------------------------------

# spawn([MODE, FILE] for standard input, output and error, COMMAND...): returns its pid.
sub spawn {
  my ($in, $out, $err, @command) = @_;
  my $pid = fork // die "fork: $!\n";
  return $pid if $pid;
  POSIX::setsid();
  $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP ALRM PIPE CHLD);
  open STDIN,  $in->[0],  $in->[1]  or POSIX::_exit(126);
  open STDOUT, $out->[0], $out->[1] or POSIX::_exit(126);
  open STDERR, $err->[0], $err->[1] or POSIX::_exit(126);
  { no warnings 'exec'; exec { $command[0] } @command }
  print STDERR "cannot run $command[0]: $!\n";
  POSIX::_exit(127);
}

# A process that is ended with the test; what it says is in NAME.out.
sub start {
  my ($name, @command) = @_;
  my $pid = spawn(['<', '/dev/null'], ['>>', file("$name.out")], ['>&', \*STDOUT], @command);
  $started{$pid} = $name;
  return $pid;
}

# The last lines of it
sub said { return contents(file("$_[0].out")) =~ s/\A.*\n(?=(?:.*\n){8})//sr }

# Dies with what the process said if it has ended.
sub alive {
  my ($pid) = @_;
  return 1 if waitpid($pid, WNOHANG) == 0;
  my $name = delete $started{$pid} // 'a process';
  die "$name ended:\n", said($name);
}

sub stop {
  my ($pid, $signal) = @_;
  kill $signal, $pid;
  within(sub { waitpid $pid, WNOHANG }) or die "$started{$pid} does not end\n";
  delete $started{$pid};
  return;
}

sub forget { my ($pid) = @_; delete $started{$pid}; return }    # it has been ended otherwise

sub stop_all {
  kill 'TERM', keys %started;
  within(sub { delete @started{ grep { waitpid $_, WNOHANG } keys %started }; !%started });
  kill 'KILL', keys %started;
  waitpid $_, 0 for keys %started;
  %started = ();
  return;
}

sub run_quietly {
  my ($name, @command) = @_;
  unlink file("$name.out");
  my $pid = start($name, @command);
  waitpid $pid, 0;
  delete $started{$pid};
  die "@command:\n", said($name) if $?;
  return;
}

# Processes with a file of ours on their command lines: pid => command line
sub leftover {
  my %left;
  for my $proc (glob '/proc/[0-9]*/cmdline') {
    my ($pid) = $proc =~ /(\d+)/;
    my $line = contents($proc) =~ tr/\0/ /r;
    $left{$pid} = $line if $pid != $$ and $line =~ m{(?:\A|[ =])\Q$dir\E/};
  }
  return %left;
}

$SIG{$_} //= sub { exit 130 } for qw(INT TERM HUP);
END {
  if ($$ == $owner) {
    my $code = $?;
    stop_all();
    if (defined $dir) { my %left = leftover(); kill 'KILL', keys %left }    # only if the test was interrupted
    $? = $code;
  }
}

1;
