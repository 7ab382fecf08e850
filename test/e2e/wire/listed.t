#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Who must send a header: those whom proxy_required_hosts matches, and nobody else; a header of others ends their session.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Place qw(write_file);
use Test::Wire;
use Time::HiRes qw(sleep);

# Each form of a list is in scenario 4085. Those who are in a list are from 127.NET.x.y here, and so is one who is not.
my %list = (
  'no list' => { list => undef, out => 1 },
  'a list'  => { list => '<; 127.3.0.0/16 ; ::1', in => 3, out => 4 },
  'a list for one port' => { list => '${if eq{$received_port}{PORT}{127.0.0.0/8}}', in => 1, tls => 1 },
);
my ($n, %exim) = 0;
$exim{$_} = exim('list' . ++$n, $list{$_}->%*) for sort keys %list;

for my $form (grep { defined $list{$_}{out} } sort keys %list) {
  my @from = (on => $exim{$form}, net => $list{$form}{out});
  test("serves a client outside $form", sub { my $c = shift->connect(@from); $c->serves });
  my $why = defined $list{$form}{list} ? 'which is not in proxy_required_hosts' : 'but proxy_required_hosts is not set';
  for (['v1', V1], ['v2', V2]) {
    my ($name, $header) = @$_;
    test("ends a session that a client outside $form begins with $name", sub {
      my $c = shift->begin($header, @from);
      $c->unexpected($why);
      $c->is_unlisted;
    });
  }
}
takes("v1 of a peer in $_", V1, V1_IS, on => $exim{$_}, net => $list{$_}{in}) for grep { defined $list{$_}{in} } sort keys %list;
takes('v1 of ::1 in a list', V1_6, V1_6_IS, on => $exim{'a list'}, v6 => 1);

my $patient = exim('patient', deadline => 1);
test('serves a client outside the list that is silent for 4 s', sub {
  my $c = shift->connect(net => 250, on => $patient);
  $c->banner;
  sleep DEADLINE + 1;    # clock: at least as long
  $c->served;
  $c->is_unlisted;
}, first => 1);
test('asks for nothing on the other port of a list for one', sub {
  my $c = shift->begin('', on => $exim{'a list for one port'}, tls => 1);
  $c->serves;
});

my $flag = exim('flag', list => '${if exists{DIR/flag}{127.0.0.0/8}}');
test('expands the list for each connection', sub {
  my ($case) = @_;
  for my $listed (0, 1, 0) {
    $listed ? write_file($flag->path('flag'), '') : unlink $flag->path('flag');
    my $c = $case->begin($listed ? V1 : '', on => $flag);
    $c->banner;
    $c->served;
    $listed ? $c->is_client(V1_IS) : $c->is_unlisted;
  }
});

$Test::Wire::unlisted = 1;
run();
