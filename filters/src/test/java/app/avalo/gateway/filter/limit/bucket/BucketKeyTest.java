package app.avalo.gateway.filter.limit.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Grain;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.limit.Policies;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class BucketKeyTest {
  private static BucketKey key(Exchanges request, KeyPart... parts) {
    BucketKey key = new BucketKey();
    LimitConfig policy = Policies.named("p").key(parts).build();
    assertThat(key.fill(policy, request.live())).isTrue();
    return key;
  }

  private static Exchanges request() {
    return Exchanges.on(Policies.plan(Policies.named("p").build()));
  }

  @Test
  void oneHostOfIpv6CountsByItsNetwork() {
    BucketKey one = key(request().client("2001:db8:1:2::1"), KeyPart.ADDRESS);
    BucketKey other = key(request().client("2001:db8:1:2:ffff::9"), KeyPart.ADDRESS);
    BucketKey stranger = key(request().client("2001:db8:1:3::1"), KeyPart.ADDRESS);

    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other).isNotEqualTo(stranger);
    assertThat(one).hasToString("a=2001:db8:1:2:0:0:0:0/64");
  }

  @Test
  void everyCallerHasExactlyOneKeyAsUserOrKeyOrAddress() {
    Caller app = new Caller(null, "shop", "authenticated", Set.of());
    Caller both = new Caller("alice", "shop", "authenticated", Set.of());

    assertThat(key(request().caller(both), KeyPart.CALLER)).hasToString("u=alice");
    assertThat(key(request().caller(app), KeyPart.CALLER)).hasToString("k=shop");
    assertThat(key(request().client("192.0.2.1"), KeyPart.CALLER)).hasToString("a=192.0.2.1");
  }

  @Test
  void partsAppearInOneOrderHoweverThePolicyListsThem() {
    BucketKey key =
        key(
            request().user("bob").method("POST"),
            KeyPart.COUNTRY,
            KeyPart.METHOD,
            KeyPart.SERVICE,
            KeyPart.ROUTE,
            KeyPart.USER);

    assertThat(key).hasToString("u=bob|r=all|s=feed|m=POST|c=-");
    assertThat(key.inRedis("avalo:rl:")).isEqualTo("avalo:rl:{p:u=bob|r=all|s=feed|m=POST|c=-}");
  }

  @Test
  void inventedMethodsShareOneBucket() {
    assertThat(key(request().method("FOO1"), KeyPart.METHOD))
        .isEqualTo(key(request().method("FOO2"), KeyPart.METHOD));
  }

  @Test
  void aUserCannotForgeAnotherKeyOrGrowIt() {
    BucketKey forged = key(request().user("bob|r=all}"), KeyPart.USER);
    BucketKey longOne = key(request().user("x".repeat(10_000)), KeyPart.USER);

    assertThat(forged.toString()).matches("u=#[0-9a-f]{32}");
    assertThat(longOne.toString()).hasSize(35);
  }

  @Property
  void whatIsWrittenIsReadBack(@ForAll String user, @ForAll int address) {
    Exchanges request =
        request()
            .user(user.isEmpty() ? "x" : user)
            .client(app.avalo.gateway.config.unit.IpAddress.v4(address).toString());
    BucketKey key = key(request, KeyPart.USER, KeyPart.ADDRESS, KeyPart.ROUTE, KeyPart.METHOD);

    BucketKey read = BucketKey.parse(Policies.named("p").build(), "", key.toString());

    assertThat(read).isEqualTo(key).hasSameHashCodeAs(key);
    assertThat(key.copy()).isEqualTo(key).hasSameHashCodeAs(key);
  }

  @Test
  void namesWithEqualJavaHashesHaveDifferentOnesHere() {
    BucketKey one = key(request().user("AaAaAaAa"), KeyPart.USER);
    BucketKey other = key(request().user("BBBBBBBB"), KeyPart.USER);

    assertThat("AaAaAaAa").hasSameHashCodeAs("BBBBBBBB");
    assertThat(one.hash()).isNotEqualTo(other.hash());
  }

  @Test
  void anAddressIsNotAllThereIsToAKeyOfMoreParts() {
    Caller user = new Caller("alice", "shop", "vip", Set.of(), Map.of("org", "acme"));
    Grain grain = new Grain("X-Tenant", "org", 24, 48);
    for (KeyPart part : KeyPart.values()) {
      BucketKey alone = new BucketKey();
      BucketKey more = new BucketKey();
      LimitConfig address = Policies.named("p").key(KeyPart.ADDRESS).grain(grain).build();
      LimitConfig both = Policies.named("p").key(KeyPart.ADDRESS, part).grain(grain).build();
      for (int i = 0; i < 2; i++) { // one that is filled again takes fewer steps
        assertThat(alone.fill(address, "", request().caller(user).live())).isTrue();
        assertThat(more.fill(both, "", request().caller(user).live())).isTrue();
      }
      assertThat(more.hash() == alone.hash()).as("%s", part).isEqualTo(part == KeyPart.ADDRESS);
      assertThat(more.hash())
          .isEqualTo(Objects.requireNonNull(BucketKey.parse(both, "", more.toString())).hash());
    }
  }

  @Test
  void aKeyThatIsFilledAgainIsAsOneThatIsNew() {
    Caller nobody = Caller.ANONYMOUS;
    Caller user = new Caller("alice", null, "vip", Set.of(), Map.of("org", "acme"));
    Caller app = new Caller(null, "shop", "partner", Set.of());
    Grain grain = new Grain("X-Tenant", "org", 24, 48);
    List<Exchange> exchanges = new ArrayList<>();
    for (Caller caller : List.of(nobody, user, app)) {
      exchanges.add(request().caller(caller).client("192.0.2.77").live());
      exchanges.add(request().caller(caller).client("2001:db8::7").header("X-Tenant", "b").live());
    }
    List<LimitConfig> policies = new ArrayList<>();
    for (KeyPart part : KeyPart.values()) {
      policies.add(Policies.named("p" + part).key(part).grain(grain).build());
      policies.add(
          Policies.named("q" + part).key(part, KeyPart.METHOD, KeyPart.TIER).grain(grain).build());
      policies.add(
          Policies.named("r" + part).key(part, KeyPart.CALLER).grain(Grain.DEFAULT).build());
    }

    Random random = new Random(7);
    BucketKey again = new BucketKey();
    LimitConfig policy = policies.get(0);
    int compared = 0;
    for (int i = 0; i < 20_000; i++) {
      // Often the same as before, as of a filter that has one.
      policy = random.nextInt(3) == 0 ? policies.get(random.nextInt(policies.size())) : policy;
      Exchange exchange = exchanges.get(random.nextInt(exchanges.size()));
      String tier = random.nextInt(4) == 0 ? "vip" : "";
      BucketKey fresh = new BucketKey();
      boolean filled = again.fill(policy, tier, exchange);
      assertThat(filled).isEqualTo(fresh.fill(policy, tier, exchange));
      if (filled) {
        assertThat(again.hash()).as("%s", fresh).isEqualTo(fresh.hash());
        assertThat(again.inRedis("")).isEqualTo(fresh.inRedis(""));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(10_000);
  }

  @Test
  void whatIsNoKeyIsNotRead() {
    LimitConfig policy = Policies.named("p").build();
    for (String text : new String[] {"", "alice", "u=", "x=1", "a=nowhere", "u=a||r=b"}) {
      assertThat(BucketKey.parse(policy, "", text)).as(text).isNull();
    }
  }

  private static String text(Exchanges request, Grain grain, KeyPart... parts) {
    BucketKey key = new BucketKey();
    LimitConfig policy = Policies.named("p").key(parts).grain(grain).build();
    assertThat(key.fill(policy, request.live())).isTrue();
    assertThat(BucketKey.parse(policy, "", key.toString())).isEqualTo(key);
    return key.toString();
  }

  @Test
  void addressesCountAsFarAsTheirPrefix() {
    Grain grain = new Grain(null, null, 24, 48);
    assertThat(text(request().client("192.0.2.77"), grain, KeyPart.ADDRESS))
        .isEqualTo("a=192.0.2.0/24");
    assertThat(text(request().client("2001:db8:1:2::1"), grain, KeyPart.ADDRESS))
        .isEqualTo("a=2001:db8:1:0:0:0:0:0/48");
    assertThat(
            text(
                request().client("2001:db8::1:2"), new Grain(null, null, 32, 128), KeyPart.ADDRESS))
        .isEqualTo("a=2001:db8:0:0:0:0:1:2/128");
  }

  @Test
  void aHeaderIsAPartWhateverItHolds() {
    Grain grain = new Grain("X-Tenant", null, 32, 64);
    assertThat(text(request().header("X-Tenant", "acme"), grain, KeyPart.HEADER))
        .isEqualTo("h=acme");
    assertThat(text(request(), grain, KeyPart.HEADER)).isEqualTo("h=-");
    assertThat(text(request().header("X-Tenant", "a|r=b"), grain, KeyPart.HEADER))
        .matches("h=#[0-9a-f]{32}");
  }

  @Test
  void callersOfATierMayShareABucket() {
    Caller vip = new Caller("alice", null, "vip", Set.of());
    assertThat(text(request().caller(vip), Grain.DEFAULT, KeyPart.TIER)).isEqualTo("g=vip");
  }

  @Test
  void aClaimOfTheTokenIsAPartAndWhoHasNoneHasNoBucket() {
    Grain grain = new Grain(null, "org", 32, 64);
    Caller member = new Caller("alice", null, "vip", Set.of(), Map.of("org", "acme"));
    assertThat(text(request().caller(member), grain, KeyPart.CLAIM)).isEqualTo("j=acme");
    Caller odd = new Caller("alice", null, "vip", Set.of(), Map.of("org", "a|u=b"));
    assertThat(text(request().caller(odd), grain, KeyPart.CLAIM)).matches("j=#[0-9a-f]{32}");

    LimitConfig policy = Policies.named("p").key(KeyPart.CLAIM).grain(grain).build();
    assertThat(new BucketKey().fill(policy, request().user("bob").live())).isFalse();
  }
}
