#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The template for AWS cannot be run here: it is read, and its ports are compared with Exim's.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use CPAN::Meta::YAML ();
use Test::More;
use Test::Guide;

my ($aws) = @{ CPAN::Meta::YAML->read_string(guide('aws-nlb.yaml')) };
my $resource = $aws->{Resources};
my %group = map { $_ => $resource->{$_}{Properties} } grep { $resource->{$_}{Type} =~ /::TargetGroup\z/ } keys %$resource;
for my $name (sort keys %group) {
  my %attribute = map { $_->{Key} => $_->{Value} } @{ $group{$name}{TargetGroupAttributes} };
  is($attribute{'proxy_protocol_v2.enabled'}, 'true', "AWS: $name sends the header");
  is($attribute{'preserve_client_ip.enabled'}, 'false', "AWS: $name connects from its own address");
}
is(join(' ', sort map { $_->{Port} } values %group), '25 465', 'AWS: the ports are those of Exim');
is(join(' ', grep { !$resource->{$_} && !$aws->{Parameters}{$_} } guide('aws-nlb.yaml') =~ /Ref: (\S+)/g), '', 'AWS: all that is referred to is there');

my $conf = guide('exim.conf') =~ s/^\s*#.*\n//mgr;
is(join(' ', grep { $conf !~ /\b\Q$_\E\b/ } guide('exim-site.conf') =~ /^([A-Z][A-Z_\d]*) *=/mg), '', 'Exim: every value of the site file is used');
done_testing();
