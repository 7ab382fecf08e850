# SPDX-License-Identifier: GPL-2.0-or-later
package Test::HAProxy;

# A real HAProxy, run in the foreground with a configuration of the test's own.
#
#   Test::HAProxy->new(NAME, TEXT)   TEXT follows a "global" section's start, so it may begin with more for that
#   Test::HAProxy->run(NAME, SOCKET, ARGUMENT...)
#                                    with the test's own arguments; SOCKET is where its configuration has its "stats socket"
#   PATIENT                          a section "defaults" whose time-outs only a hang reaches
#   listen_on(NAME, HERE, FROM, SERVER...)
#                                    a section that listens on HERE, ADDRESS:PORT, and connects from FROM to servers, each
#                                    "NAME ADDRESS:PORT OPTION..."
#   $proxy->servers                  what it finds: "BACKEND/SERVER" => "UP L7OK 250..."
#   $proxy->all_up(N)                waits until N servers are up by a check at the level of SMTP
#   $proxy->said                     all that it has said: with "log stdout" its log
#   $proxy->stop(SIGNAL), $proxy->start
#
# Without the program the test file is skipped.

use strict;
use warnings;
use Exporter qw(import);
use IO::Socket::UNIX ();
use Test::More;
use Test::Place qw(file contents find_tool alive within write_file);

our @EXPORT_OK = qw(PATIENT listen_on);

# clock: only a hang takes so long
use constant PATIENT => "defaults\n    mode tcp\n" . join '', map { "    timeout $_ 10m\n" } qw(connect client server check);

sub listen_on {
  my ($name, $here, $from, @server) = @_;
  return join "\n", "listen $name", "    bind $here", "    source $from", (map { "    server $_" } @server), '';
}

sub new {
  my ($class, $name, $text) = @_;
  write_file(file("$name.cfg"), "global\n    noreuseport\n    stats socket @{[file(\"$name.sock\")]} mode 600\n$text");
  return $class->run($name, file("$name.sock"), '-db', '-f', file("$name.cfg"));
}

sub run {
  my ($class, $name, $socket, @arguments) = @_;
  my $program = find_tool('haproxy') // plan(skip_all => 'no haproxy here: run scripts/setup test');
  return bless({ name => $name, socket => $socket, command => [$program, @arguments] }, $class)->start;
}

sub start {
  my ($self) = @_;
  $self->{pid} = Test::Place::start($self->{name}, $self->{command}->@*);
  within(sub { alive($self->{pid}) && $self->worker }) or die "HAProxy does not start\n";
  return $self;
}

sub stop { my ($self, $signal) = @_; Test::Place::stop($self->{pid}, $signal); return }
sub said { my ($self) = @_; return contents(file("$self->{name}.out")) }

# A command for its socket, and the answer
sub admin {
  my ($self, $command) = @_;
  my $socket = IO::Socket::UNIX->new(Peer => $self->{socket}) or return '';
  local $SIG{PIPE} = 'IGNORE';
  print {$socket} "$command\n";
  local $/;
  return readline($socket) // '';
}

sub worker { my ($self) = @_; return $self->admin('show info') =~ /^Pid: (\d+)/m ? $1 : 0 }

sub servers {
  my ($self) = @_;
  my ($head, @rows) = split /\n/, $self->admin('show stat');
  my @names = split /,/, ($head // '') =~ s/\A# //r;
  my %found;
  for (@rows) {
    my %is;
    @is{@names} = split /,/, $_, -1;
    # A star marks that the next check is under way.
    $found{"$is{pxname}/$is{svname}"} = "$is{status} " . $is{check_status} =~ s/\A\* //r . " $is{check_code} $is{last_chk}" if length($is{check_status} // '');
  }
  return %found;
}

sub all_up {
  my ($self, $n) = @_;
  return within(sub { alive($self->{pid}); my %is = $self->servers; $n == grep { /\AUP L7OK/ } values %is });
}

1;
