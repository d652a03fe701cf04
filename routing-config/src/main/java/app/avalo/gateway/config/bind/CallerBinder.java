package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.IdentityConfig.Keys;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.PlacingConfig;
import app.avalo.gateway.config.PlacingConfig.NearestTo;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Spelling;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Binds who a caller is and where, and whom operators' alerts go to. */
final class CallerBinder {
  private final Section root;

  CallerBinder(Section root) {
    this.root = root;
  }

  /** Those claims are kept of a token that limits and budgets ask for. */
  IdentityConfig identity(Collection<LimitConfig> limits, Collection<BudgetConfig> budgets) {
    Set<String> claims = new TreeSet<>();
    for (LimitConfig limit : limits) {
      if (limit.grain().claim() != null) {
        claims.add(limit.grain().claim());
      }
    }
    for (BudgetConfig budget : budgets) {
      if (budget.per() != null && budget.per().claim() != null) {
        claims.add(budget.per().claim());
      }
    }
    Section identity = root.section("identity");
    List<IdentityConfig.Issuer> issuers = new ArrayList<>();
    List<Section> sections = identity.sections("issuers");
    sections.forEach(section -> issuers.add(issuer(section, Set.copyOf(claims))));
    Names.unique(sections, "issuer", "value");
    List<IdentityConfig.ApiKey> keys = new ArrayList<>();
    List<Section> keySections = identity.sections("apiKeys");
    keySections.forEach(section -> keys.add(apiKey(section)));
    Names.unique(keySections, "name", "name");
    return new IdentityConfig(
        List.copyOf(issuers), identity.text("apiKeyHeader", "X-Api-Key"), List.copyOf(keys));
  }

  private static IdentityConfig.Issuer issuer(Section issuer, Set<String> claims) {
    return new IdentityConfig.Issuer(
        issuer.text("issuer", Section.FAULTY),
        issuer.textOrNull("audience"),
        issuer.texts("algorithms"),
        keys(issuer),
        issuer.duration("leeway", "30s"),
        issuer.text("userClaim", "sub"),
        issuer.text("tierClaim", "tier"),
        issuer.text("rolesClaim", "roles"),
        claims);
  }

  private static Keys keys(Section issuer) {
    int sources = 0;
    for (String key : List.of("secret", "keyFile", "jwks")) {
      sources += issuer.has(key) ? 1 : 0;
    }
    if (sources != 1) {
      issuer.fault(
          (sources == 0 ? "no key" : "several keys") + " (expected one of secret, keyFile, jwks)");
    }
    // A public key taken for a shared secret lets anybody sign: the two families never mix.
    for (Node item : issuer.list("algorithms")) {
      boolean shared = item instanceof Node.Scalar scalar && scalar.value().equals("HS256");
      if (sources == 1 && shared != issuer.has("secret")) {
        String needed =
            issuer.has("secret") ? "HS256, since the key is a secret" : "RS256 or ES256";
        issuer.faults().unexpected(item, needed);
      }
    }
    if (issuer.has("keyFile")) {
      return new IdentityConfig.KeyFile(issuer.fileOr("keyFile", () -> Path.of("")));
    }
    if (issuer.has("jwks")) {
      Section jwks = issuer.section("jwks");
      URI none = URI.create("http://localhost/");
      return new IdentityConfig.Jwks(
          jwks.value("url", none, CallerBinder::uri, "an http or https address"),
          jwks.duration("refresh", "10min"));
    }
    return new IdentityConfig.SharedSecret(issuer.secretOr("secret", 32));
  }

  private static @Nullable URI uri(String text) {
    try {
      URI uri = new URI(text);
      return uri.getHost() == null || uri.getUserInfo() != null ? null : uri;
    } catch (URISyntaxException other) {
      return null;
    }
  }

  private static IdentityConfig.ApiKey apiKey(Section key) {
    Secret secret = key.secretOr("key", 16);
    return new IdentityConfig.ApiKey(
        key.text("name", Section.FAULTY),
        secret,
        key.textOrNull("user"),
        key.text("tier", "authenticated"),
        key.texts("roles"));
  }

  GatewayConfig.Alerts alerts() {
    Section alerts = root.section("alerts");
    if (!alerts.has("webhook")) {
      return new GatewayConfig.Alerts(null);
    }
    Section webhook = alerts.section("webhook");
    URI none = URI.create("http://localhost/");
    return new GatewayConfig.Alerts(
        new GatewayConfig.Webhook(
            webhook.value("url", none, CallerBinder::uri, "an http or https address"),
            webhook.secretOr("secret", 32),
            webhook.duration("timeout", "5s")));
  }

  PlacingConfig placing(Names names) {
    Section placing = root.section("placing");
    if (placing.has("header") && root.list("trustedHops").isEmpty()) {
      placing.unexpected("header", "trustedHops too, else nobody may send it");
    }
    List<String> order = Names.references(placing, "order", "region", names.regions());
    return new PlacingConfig(
        placing.file("database"),
        placing.textOrNull("header"),
        ranges(placing),
        order.isEmpty() ? List.copyOf(names.regions()) : order,
        residency(placing),
        latency(placing.section("latency"), names));
  }

  private static PlacingConfig.Latency latency(Section latency, Names names) {
    String here = latency.textOrNull("here");
    if (here != null && !names.regions().contains(here)) {
      latency.fault(
          "here", here + ": no such region (" + Spelling.hint(here, names.regions()) + ")");
    }
    NearestTo nearestTo = latency.word("nearestTo", NearestTo.CALLER, NearestTo.class);
    if (nearestTo == NearestTo.GATEWAY && here == null) {
      latency.unexpected("nearestTo", "here too, else nobody knows where the gateway stands");
    }
    return new PlacingConfig.Latency(latency.file("networks"), here, nearestTo);
  }

  private static List<PlacingConfig.Range> ranges(Section placing) {
    List<PlacingConfig.Range> ranges = new ArrayList<>();
    Cidr nothing = new Cidr(0, 0, 128);
    List<Section> sections = placing.sections("ranges");
    for (Section range : sections) {
      ranges.add(
          new PlacingConfig.Range(
              range.value("block", nothing, Cidr::parse, "an address block such as 10.0.0.0/8"),
              range.textOrNull("country"),
              range.number("latitude", 0),
              range.number("longitude", 0)));
    }
    Names.unique(sections, "block", "block");
    return List.copyOf(ranges);
  }

  private List<PlacingConfig.Residency> residency(Section placing) {
    Set<String> tags = new LinkedHashSet<>();
    root.entries("regions", (name, region) -> tags.addAll(region.texts("residency")));
    List<PlacingConfig.Residency> rules = new ArrayList<>();
    Set<String> ruled = new LinkedHashSet<>();
    for (Section rule : placing.sections("residency")) {
      String tag = rule.text("tag", Section.FAULTY);
      boolean refuses = tag.equals(PlacingConfig.Residency.NOWHERE);
      if (rule.has("tag") && !refuses && !tags.contains(tag)) {
        rule.fault("tag", tag + ": no region carries it (" + Spelling.hint(tag, tags) + ")");
      }
      for (Node country : rule.list("countries")) {
        if (country instanceof Node.Scalar scalar && !ruled.add(scalar.value())) {
          rule.faults().unexpected(country, "each country in one rule");
        }
      }
      rules.add(new PlacingConfig.Residency(ConfigBinder.orderedSet(rule.texts("countries")), tag));
    }
    return List.copyOf(rules);
  }
}
