package app.avalo.gateway.config.load;

import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Mark;
import app.avalo.gateway.config.yaml.Source;
import app.avalo.gateway.config.yaml.TreeReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/** Finds and reads the files of a configuration. */
final class Inputs {
  private static final int FILES = 100;

  private Inputs() {}

  /** The file, or the YAML files of the directory by name; hidden ones are left out. */
  static List<Input> read(Path path, Faults faults) {
    Path parent = path.toAbsolutePath().getParent();
    Mark mark = new Mark(new Source(path.toString(), parent == null ? path : parent), 1, 1);
    List<Input> inputs = new ArrayList<>();
    if (!Files.isDirectory(path)) {
      add(path, inputs, faults);
      return inputs;
    }
    List<Path> files = new ArrayList<>();
    // Kubernetes keeps the true files of a ConfigMap under "..data"; the visible names are links.
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path, Inputs::isYaml)) {
      for (Path entry : entries) {
        files.add(entry);
        if (files.size() > FILES) {
          faults.add(mark, "", "more than 100 files (expected at most 100)");
          return List.of();
        }
      }
    } catch (IOException e) {
      faults.add(mark, "", "a directory that cannot be listed (expected YAML files)");
    }
    Collections.sort(files);
    files.forEach(file -> add(file, inputs, faults));
    if (inputs.isEmpty() && faults.isEmpty()) {
      faults.add(mark, "", "no YAML file (expected at least one *.yaml)");
    }
    return inputs;
  }

  private static boolean isYaml(Path file) {
    String name = file.getFileName().toString();
    boolean named = name.endsWith(".yaml") || name.endsWith(".yml");
    return named && !name.startsWith(".") && !Files.isDirectory(file);
  }

  private static void add(Path file, List<Input> inputs, Faults faults) {
    Path absolute = file.toAbsolutePath();
    Path parent = absolute.getParent();
    Source source = new Source(file.toString(), parent == null ? absolute : parent);
    if (!Files.isRegularFile(file)) {
      String what = Files.exists(file) ? "not a file" : "no such file";
      faults.add(new Mark(source, 1, 1), "", what + " (expected a YAML file or a directory)");
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      inputs.add(new Input(source, absolute, in.readNBytes(TreeReader.BYTES + 1)));
    } catch (IOException e) {
      faults.add(new Mark(source, 1, 1), "", "cannot be read (expected a readable YAML file)");
    }
  }

  static String fingerprint(List<Input> inputs) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Input input : inputs) {
        digest.update(input.source().name().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(input.bytes());
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
