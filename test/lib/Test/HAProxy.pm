# SPDX-License-Identifier: GPL-2.0-or-later
package Test::HAProxy;

# A real HAProxy, run in the foreground with a configuration of the test's own.
#
#   Test::HAProxy->new(NAME, TEXT)   TEXT follows a "global" section's start, so it may begin with more for that
#   $proxy->servers                  what it finds: "BACKEND/SERVER" => "UP L7OK 250..."
#   $proxy->all_up(N)                waits until N servers are up by a check at the level of SMTP
#   $proxy->said                     all that it has said: with "log stdout" its log
#
# Without the program the test file is skipped.

use strict;
use warnings;
use IO::Socket::UNIX ();
use Test::More;
use Test::Place qw(file contents find_tool start alive within write_file);

sub new {
  my ($class, $name, $text) = @_;
  my $program = find_tool('haproxy') // plan(skip_all => 'no haproxy here: run scripts/setup test');
  my $self = bless { name => $name, socket => file("$name.sock") }, $class;
  write_file(file("$name.cfg"), "global\n    noreuseport\n    stats socket $self->{socket} mode 600\n$text");
  $self->{pid} = start($name, $program, '-db', '-f', file("$name.cfg"));
  within(sub { alive($self->{pid}) && $self->admin('show info') =~ /^Pid: \d/m }) or die "HAProxy does not start\n";
  return $self;
}

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
