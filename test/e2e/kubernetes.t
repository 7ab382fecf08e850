#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The manifest doc-txt/guide/kubernetes.yaml fits together, and fits HAProxy's files and Exim's image. There is no Kubernetes here:
# HAProxy reads its files with the manifest's environment.
use strict;
use warnings;
use CPAN::Meta::YAML ();
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Test::More;
use Test::Place qw(contents file find_tool run_quietly said);

my $top = "$FindBin::RealBin/../..";
my $guide = "$top/doc-txt/guide";
sub yaml { return @{ CPAN::Meta::YAML->read_string(contents("$guide/$_[0]")) } }
my %is = map { ("$_->{kind} $_->{metadata}{name}" => $_) } yaml('kubernetes.yaml');
my %spec = map { ($_ => $is{$_}{spec}) } keys %is;
my %pod = map { (/ (.*)/ => $spec{$_}{template}) } 'Deployment haproxy', 'StatefulSet exim';
my %container = map { ($_ => $pod{$_}{spec}{containers}[0]) } keys %pod;
my %environment = map { my $pod = $_; ($pod => { map { ($_->{name} => $_->{value} // "<$_->{valueFrom}{fieldRef}{fieldPath}>") } $container{$pod}{env}->@* }) } keys %container;

# --- what must be equal ---------------------------------------------------------------

my ($script, $start) = (contents("$top/scripts/image"), contents("$top/scripts/lib/image/exim-start"));
my ($id) = $script =~ /^id=(\d+)/m;
my %default = map { /\A'?(\w+)=(.*?)'?\z/ } $script =~ /^environment=\((.*?)\)$/ms ? $1 =~ /('[^']*'|\S+)/g : ();
my @ports = map { $default{"PORT_$_"} } 25, 465, 587;
is_deeply([map { $_->{containerPort} } $container{$_}{ports}->@*], \@ports, "$_ has the ports of Exim's image") for sort keys %container;
is_deeply([map { $environment{haproxy}{"PORT_$_"} } 25, 465, 587], \@ports, 'HAProxy is told them');
is_deeply([map { $_->{port} } $spec{'Service exim'}{ports}->@*], \@ports, "so is Exim's service");
is_deeply([map { $_->{port} } $spec{'NetworkPolicy exim-from-haproxy-only'}{ingress}[0]{ports}->@*], \@ports, 'and the policy');
is_deeply([map { "$_->{port} $_->{targetPort}" } $spec{'Service haproxy'}{ports}->@*], ["25 $ports[0]", "465 $ports[1]", "587 $ports[2]"], "clients' ports lead to them");
is($pod{exim}{spec}{securityContext}{$_}, $id, "$_ is Exim's") for qw(runAsUser runAsGroup fsGroup);

for my $pod (sort keys %pod) {
  is_deeply([map { $_->{app} } $pod{$pod}{metadata}{labels}, $spec{"Service $pod"}{selector}, map { $_->{selector}{matchLabels} }
      @spec{ $pod eq 'exim' ? 'StatefulSet exim' : 'Deployment haproxy', "PodDisruptionBudget $pod" }], [($pod) x 4], "$pod: all of them mean the same pods");
}
is_deeply([map { $_->{matchLabels}{app} } $spec{'NetworkPolicy exim-from-haproxy-only'}{podSelector},
  $spec{'NetworkPolicy exim-from-haproxy-only'}{ingress}[0]{from}[0]{podSelector}], [qw(exim haproxy)], 'so does the policy');
is($spec{'StatefulSet exim'}{serviceName}, 'exim', 'the service gives the pods their names');
is_deeply([map { $environment{haproxy}{"MX$_"} } 1 .. 3], [map { "exim-$_.exim.mail.svc.cluster.local" } 0 .. $spec{'StatefulSet exim'}{replicas} - 1], 'HAProxy has all of these names');

# --- volumes --------------------------------------------------------------------------

for my $pod (sort keys %pod) {
  my %volume = map { ($_->{name} => $_) } ($pod{$pod}{spec}{volumes} // [])->@*;
  $volume{ $_->{metadata}{name} } = { claim => 1 } for ($spec{'StatefulSet exim'}{volumeClaimTemplates} // [])->@*;
  my %mounted = map { ($_->{mountPath} => $volume{ $_->{name} } // BAIL_OUT("no volume $_->{name}")) } $container{$pod}{volumeMounts}->@*;
  my $at = sub { my ($path) = @_; my ($mount) = sort { length $b <=> length $a } grep { "$path/" =~ m{\A\Q$_\E/} } keys %mounted; return $mount && $mounted{$mount} };
  my %needs = $pod eq 'haproxy' ? ($environment{haproxy}{RUN_DIR} => 'emptyDir')
    : ('/var/spool/exim4' => 'claim', $default{MAIL_ROOT} => 'persistentVolumeClaim', $default{DRAIN_FILE} => 'emptyDir', '/run/exim4/environment.conf' => 'emptyDir',
       (map { ($default{$_} => 'secret') } qw(TLS_CERTIFICATE TLS_PRIVATE AUTH_FILE)));
  ok(($at->($_) // {})->{ $needs{$_} }, "$pod: $_ is in a volume that is a $needs{$_}") for sort keys %needs;
  is($container{$pod}{securityContext}{readOnlyRootFilesystem}, 'true', "$pod: nothing else is written to");
}
ok($is{"PersistentVolumeClaim $_->{persistentVolumeClaim}{claimName}"}, "the claim $_->{persistentVolumeClaim}{claimName} is there")
  for grep { $_->{persistentVolumeClaim} } $pod{exim}{spec}{volumes}->@*;
my %secret = contents("$guide/kubernetes.yaml") =~ /create secret (\w+) (\S+)/g;
is(join(' ', sort values %secret), join(' ', sort map { $_->{secret}{secretName} // () } $pod{exim}{spec}{volumes}->@*), 'the secrets are those that the head tells to make');

# --- the environment ------------------------------------------------------------------

my ($names) = $start =~ /^for name in (PROXIES.*?); do$/ms;
my %taken = map { ($_ => 1) } 'POD_NAME', $names =~ /\w+/g;
is(join(' ', grep { !$taken{$_} } sort keys $environment{exim}->%*), '', "Exim's image takes all that its pod has in the environment");
like($environment{exim}{PRIMARY_HOSTNAME}, qr/\A\$\(POD_NAME\)\./, 'each pod has a name of its own');
is($environment{exim}{POD_NAME}, '<metadata.name>', 'which is its own');
my @site = contents("$guide/exim-site.conf") =~ /^([A-Z][A-Z_\d]*) *=/mg;
is(join(' ', sort grep { $_ ne 'PRIMARY_HOSTNAME' } $names =~ /\w+/g), join(' ', sort @site), "the image takes all values of the guide's exim-site.conf");

my ($made) = yaml('kustomization.yaml');
is_deeply($made->{resources}, ['kubernetes.yaml'], 'kustomization.yaml has the manifest');
my ($config) = grep { $_->{configMap} } $pod{haproxy}{spec}{volumes}->@*;
my ($map) = grep { $_->{name} eq $config->{configMap}{name} } $made->{configMapGenerator}->@*;
my @command = $container{haproxy}{command}->@*;
my @files = map { s{\A/etc/haproxy-mail/}{}r } grep { m{/} } @command;
is_deeply($map->{files}, \@files, "and the files that HAProxy reads");
SKIP: {
  my $kubectl = find_tool('kubectl') // skip('no kubectl here, to make what kustomization.yaml tells', 1);
  run_quietly('kustomize', $kubectl, 'kustomize', $guide);
  my $all = contents(file('kustomize.out'));
  like($all, qr/^ +name: haproxy-\w+$/m, 'kubectl makes the ConfigMap and its name');
}
SKIP: {
  my $haproxy = find_tool('haproxy') // skip('no haproxy here: run scripts/setup test', 1);
  my %env = ($environment{haproxy}->%*, POD_IP => '127.0.0.1');
  s/\$\((\w+)\)/$env{$1}/g for values %env;
  ok(eval { run_quietly('haproxy', 'env', (map { "$_=$env{$_}" } sort keys %env), $haproxy, '-c', map { ('-f', "$guide/$_") } @files); 1 }, 'HAProxy takes its files with this environment') or diag($@);
  like(said('haproxy'), qr/could not resolve address 'exim-2\./, 'and looks up the names of the pods later') if $env{RESOLVERS};
}
done_testing();
