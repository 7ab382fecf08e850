#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Who must send a header: those whom proxy_required_hosts matches, in each form of a host list, and nobody else.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Place qw(write_file);
use Test::Wire;
use Time::HiRes qw(sleep);

# Each form of a list, where those who are in it are from (127.NET.x.y), and one who is not
my %list = (
  'a negated item'                   => { out => 250 },
  'no list'                          => { list => undef, out => 1 },
  'a list with <;'                   => { list => '<; 127.3.0.0/16 ; ::1', in => 3, out => 4 },
  'a named list'                     => { list => '+proxies', main => 'hostlist proxies = !127.250.0.0/16 : 127.0.0.0/8', in => 1, out => 250 },
  'an expansion that is forced to fail' => { list => '${if eq{a}{b}{127.0.0.0/8}fail}', out => 1 },
  'a lookup'                         => { list => 'net-iplsearch;DIR/proxies', nosync => 1, in => 77, out => 1 },
  'a list that is expanded'          => { list => '${if eq{$received_port}{PORT}{127.0.0.0/8}}', in => 1 },
);
my ($n, %exim, %late) = 0;
for my $form (sort keys %list) {
  my %o = ($list{$form}->%*, tls => $form =~ /expanded/ ? 1 : 0);
  $exim{$form} = exim('list' . ++$n, %o);
  $late{$form} = exim("late$n", %o, deadline => 1) if defined $o{in};
}
write_file($_->path('proxies'), "127.77.0.0/16: x\n") for $exim{'a lookup'}, $late{'a lookup'};

for my $form (grep { defined $list{$_}{out} } sort keys %list) {
  my @from = (on => $exim{$form}, net => $list{$form}{out});
  test("serves a client outside $form", sub { my $c = shift->connect(@from); $c->serves });
  my $why = exists $list{$form}{list} && !defined $list{$form}{list} ? 'but proxy_required_hosts is not set' : 'which is not in proxy_required_hosts';
  for (['v1', V1], ['v2', V2]) {
    my ($name, $header) = @$_;
    test("ends a session that a client outside $form begins with $name", sub {
      my $c = shift->begin($header, @from);
      $c->unexpected($why);
      $c->is_unlisted;
    });
  }
}
for my $form (grep { defined $list{$_}{in} } sort keys %list) {
  takes("v1 of a peer in $form", V1, V1_IS, on => $exim{$form}, net => $list{$form}{in});
  expires("silence of a peer in $form", '', on => $late{$form}, net => $list{$form}{in});
}
takes('v1 of ::1 in a list with <;', V1_6, V1_6_IS, on => $exim{'a list with <;'}, v6 => 1);

my $patient = exim('patient', deadline => 1);
test('serves a client outside the list that is silent for 4 s', sub {
  my $c = shift->connect(net => 250, on => $patient);
  $c->banner;
  sleep DEADLINE + 1;    # clock: at least as long
  $c->served;
  $c->is_unlisted;
}, first => 1);
test('asks for nothing on the other port of a list by $received_port', sub {
  my $c = shift->begin('', on => $exim{'a list that is expanded'}, tls => 1);
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
