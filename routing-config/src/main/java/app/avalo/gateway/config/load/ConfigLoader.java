package app.avalo.gateway.config.load;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.bind.ConfigBinder;
import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Placeholders;
import app.avalo.gateway.config.yaml.Source;
import app.avalo.gateway.config.yaml.TreeReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Loads the routing YAML. Every fault is reported, none is thrown. */
public final class ConfigLoader {
  private ConfigLoader() {}

  /**
   * Loads a file, or all {@code *.yaml} and {@code *.yml} of a directory, with the process's
   * environment.
   */
  public static Loaded load(Path path) {
    return load(path, System::getenv);
  }

  /**
   * Loads a file, or all {@code *.yaml} and {@code *.yml} of a directory.
   *
   * @param env value of an environment variable, or null
   */
  public static Loaded load(Path path, Function<String, @Nullable String> env) {
    Faults faults = new Faults();
    List<Input> inputs = Inputs.read(path, faults);
    return load(inputs, env, faults);
  }

  /** Loads one file from memory, relative to the working directory, without an environment. */
  public static Loaded parse(String name, byte[] yaml) {
    return parse(name, yaml, Path.of(""), variable -> null);
  }

  /** Loads one file from memory, relative to the working directory. */
  public static Loaded parse(String name, byte[] yaml, Function<String, @Nullable String> env) {
    return parse(name, yaml, Path.of(""), env);
  }

  /** Loads one file from memory without an environment. */
  public static Loaded parse(String name, String yaml) {
    return parse(name, yaml.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Loads one file from memory.
   *
   * @param name shown in faults
   * @param yaml its bytes
   * @param directory where its relative paths start
   * @param env value of an environment variable, or null
   */
  public static Loaded parse(
      String name, byte[] yaml, Path directory, Function<String, @Nullable String> env) {
    Input input = new Input(new Source(name, directory), null, yaml);
    return load(List.of(input), env, new Faults());
  }

  private static Loaded load(
      List<Input> inputs, Function<String, @Nullable String> env, Faults faults) {
    Placeholders placeholders = new Placeholders(env);
    Set<Path> files = new LinkedHashSet<>();
    List<Node.Mapping> trees = new ArrayList<>();
    for (Input input : inputs) {
      if (input.file() != null) {
        files.add(input.file());
      }
      trees.add(TreeReader.read(input.source(), input.bytes(), placeholders, faults));
    }
    files.addAll(placeholders.files());
    if (trees.isEmpty()) {
      return new Loaded.Invalid(faults.sorted(), Set.copyOf(files));
    }
    boolean readable = faults.isEmpty();
    Node.Mapping root = trees.size() == 1 ? trees.get(0) : Merge.of(trees, faults);
    // A file that could not be read at all would only be missed once more, key by key.
    if (readable || !root.entries().isEmpty()) {
      SchemaCheck.check(root, faults);
    }
    GatewayConfig config = ConfigBinder.bind(root, faults);
    if (!faults.isEmpty()) {
      return new Loaded.Invalid(faults.sorted(), Set.copyOf(files));
    }
    return new Loaded.Valid(config, Inputs.fingerprint(inputs), Set.copyOf(files));
  }
}
