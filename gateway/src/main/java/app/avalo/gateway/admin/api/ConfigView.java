package app.avalo.gateway.admin.api;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.config.unit.Secret;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The configuration as JSON, every value in the spelling of the YAML. Secrets are {@code ***}:
 * those that the configuration marks as such, what stands before the at sign of a URL, and values
 * of headers whose name speaks of a credential.
 */
final class ConfigView {
  private static final String HIDDEN = "***";

  /** A header with one of these in its name carries a credential. */
  private static final List<String> TELLING =
      List.of("auth", "cookie", "token", "key", "secret", "password", "signature", "credential");

  private static final ObjectMapper MAPPER = mapper();

  private ConfigView() {}

  static JsonObject of(GatewayConfig config) {
    try {
      return new JsonObject(MAPPER.writeValueAsString(config));
    } catch (IOException writesToMemory) {
      throw new IllegalStateException(writesToMemory);
    }
  }

  private static ObjectMapper mapper() {
    SimpleModule module = new SimpleModule();
    add(module, Secret.class, secret -> HIDDEN);
    add(module, String.class, ConfigView::withoutPassword);
    add(module, URI.class, uri -> withoutPassword(uri.toString()));
    add(module, Duration.class, Durations::format);
    add(module, Enum.class, Words::of);
    for (Class<?> type :
        List.of(
            Path.class,
            Cidr.class,
            HostPort.class,
            Money.class,
            Rate.class,
            LocalTime.class,
            Instant.class,
            ZoneId.class)) {
      module.addSerializer(type, ToStringSerializer.instance);
    }
    add(module, Set.class, ConfigView::sorted);
    add(
        module,
        HeaderEdits.class,
        edits -> {
          Map<String, Object> shown = new LinkedHashMap<>();
          shown.put("remove", edits.remove());
          shown.put("set", hide(edits.set()));
          shown.put("add", hide(edits.add()));
          return shown;
        });
    add(
        module,
        CheckRequest.class,
        ask -> {
          Map<String, Object> shown = new LinkedHashMap<>();
          shown.put("path", withoutPassword(ask.path()));
          shown.put("host", ask.host());
          shown.put("headers", hide(ask.headers()));
          return shown;
        });
    add(
        module,
        ValueMatch.class,
        match -> new Shown(match.name(), hide(match.name(), match.value())));
    return new ObjectMapper().registerModule(module);
  }

  /** A condition on a header or parameter that may be shown. */
  record Shown(String name, @Nullable String value) {}

  /** Sets have no order of their own; answers do. */
  private static List<?> sorted(Set<?> set) {
    List<?> members = List.copyOf(set);
    return members.stream().allMatch(Integer.class::isInstance)
        ? members.stream().sorted().toList()
        : members.stream()
            .map(each -> each instanceof Enum<?> word ? Words.of(word) : String.valueOf(each))
            .sorted()
            .toList();
  }

  private static <T> void add(SimpleModule module, Class<T> type, Function<T, Object> shown) {
    module.addSerializer(
        type,
        new JsonSerializer<T>() {
          @Override
          public void serialize(T value, JsonGenerator to, SerializerProvider provider)
              throws IOException {
            Object written = shown.apply(value);
            if (written instanceof String text) {
              to.writeString(text);
            } else {
              provider.defaultSerializeValue(written, to);
            }
          }
        });
  }

  private static Map<String, String> hide(Map<String, String> headers) {
    Map<String, String> shown = new LinkedHashMap<>();
    headers.forEach((name, value) -> shown.put(name, String.valueOf(hide(name, value))));
    return shown;
  }

  private static @Nullable String hide(String name, @Nullable String value) {
    String small = name.toLowerCase(Locale.ROOT);
    for (String telling : TELLING) {
      if (value != null && small.contains(telling)) {
        return HIDDEN;
      }
    }
    return value;
  }

  /** The text without what a URL in it says before its at sign. */
  static String withoutPassword(String text) {
    int scheme = text.indexOf("://");
    if (scheme < 0) {
      return text;
    }
    int start = scheme + 3;
    int end = start;
    int at = -1;
    while (end < text.length() && "/?#".indexOf(text.charAt(end)) < 0) {
      at = text.charAt(end) == '@' ? end : at;
      end++;
    }
    return at < 0 ? text : text.substring(0, start) + HIDDEN + text.substring(at);
  }
}
