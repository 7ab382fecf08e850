#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# smtp_active_hostname by $proxy_target_address: two Exims behind two public addresses of HAProxy greet by the name of each.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Clients;
use Test::Exim ();
use Test::HAProxy qw(PATIENT listen_on);
use Test::Place qw(free_ports);
use Test::SMTP ();

my %public = (one => '127.0.1.101', two => '127.0.1.102');
my $name = "\${if eq{\$proxy_target_address}{$public{one}}{one}{\${if eq{\$proxy_target_address}{$public{two}}{two}fail}}}.\$primary_hostname";
my @exim = map { limited("mx$_", address => "127.0.2.$_", smtp_active_hostname => $name) } 1, 2;
$_->start_daemon for @exim;
$_->ready for @exim;
my ($port) = free_ports(1);
Test::HAProxy->new('haproxy', PATIENT . join '', map {
  my ($word, $option) = @$_;
  listen_on($word, "$public{$word}:$port", '127.0.1.1', map { "$_->{name} $_->{addresses}[0]:$_->{ports}[0] $option" } @exim);
} ['one', 'send-proxy'], ['two', 'send-proxy-v2']);

for my $word (sort keys %public) {
  my @c = begun(map { Test::SMTP->connect(from => "127.0.0.$_", to => $public{$word}, port => $port) } 91, 92);
  for my $c (@c) {
    like($c->{reply}, qr/^220 $word\.mx[12]\.test \d+ <\Q$c->{ip}\E>$/, "greets by the name of the public address: $word");
    like($c->command('EHLO client.example', qr/^250/), qr/^250-$word\.mx[12]\.test Hello/, "answers EHLO by it: $word");
  }
  is(join(' ', sort map { $_->{reply} =~ /(mx\d)/ } @c), 'mx1 mx2', "does so on both nodes: $word");
}
Test::Exim::all_well();
done_testing();
