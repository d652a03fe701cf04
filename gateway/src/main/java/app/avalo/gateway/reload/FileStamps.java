package app.avalo.gateway.reload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What tells whether files are still the ones that were read: their real paths, sizes and times.
 * The real path, because a ConfigMap or Secret changes by swapping a symbolic link.
 *
 * @param byFile a file's marks; any value for one that is missing, different from every mark
 */
record FileStamps(Map<Path, Object> byFile) {
  /** Looks at the files; blocks. */
  static FileStamps of(Collection<Path> files) {
    Map<Path, Object> stamps = new HashMap<>();
    for (Path file : files) {
      try {
        Path real = file.toRealPath();
        stamps.put(file, List.of(real, Files.size(real), Files.getLastModifiedTime(real)));
      } catch (IOException missing) {
        stamps.put(file, "missing");
      }
    }
    return new FileStamps(stamps);
  }

  /** The same files, each as it was earlier if it was looked at then. */
  FileStamps orEarlier(FileStamps earlier) {
    Map<Path, Object> stamps = new HashMap<>(byFile);
    stamps.replaceAll((file, now) -> earlier.byFile.getOrDefault(file, now));
    return new FileStamps(stamps);
  }
}
