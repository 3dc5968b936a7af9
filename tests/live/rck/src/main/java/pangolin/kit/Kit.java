/* SPDX-License-Identifier: Apache-2.0 */
package pangolin.kit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs Iceberg's REST Compatibility Kit against a catalog and counts.
 *
 * <p>usage: Kit [--local] [--extended] [--only REGEX] [--known FILE] [--out FILE] [key=value ...]
 *
 * <p>key=value are properties of the catalog client (uri, warehouse, token, ...) and switches of
 * the kit (requires-namespace-create, ...). The kit reads them from system properties, bare and
 * behind "rck.". The exit status is 1 when a test failed that is not named in the file of known
 * failures, or when a known failure passed.
 */
public final class Kit {
  private static final String TABLES = "org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests";
  private static final String VIEWS = "org.apache.iceberg.rest.RESTCompatibilityKitViewCatalogTests";

  private boolean local;
  private boolean extended;
  private String only = ".*";
  private String out;
  private Set<String> known = Set.of();

  public static void main(String[] args) throws Exception {
    System.exit(new Kit().run(args));
  }

  private int run(String[] args) throws Exception {
    read(args);
    System.setProperty("rck.local", String.valueOf(local));

    Results results = new Results();
    long start = System.nanoTime();
    LauncherFactory.create().execute(request(), results);
    double seconds = (System.nanoTime() - start) / 1e9;

    boolean good = results.report(System.out, known, seconds);
    if (out != null) {
      Files.write(Path.of(out), results.lines());
    }
    return good ? 0 : 1;
  }

  private void read(String[] args) throws Exception {
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--local" -> local = true;
        case "--extended" -> extended = true;
        case "--only" -> only = args[++i];
        case "--out" -> out = args[++i];
        case "--known" -> known = names(Path.of(args[++i]));
        default -> property(args[i]);
      }
    }
  }

  private static void property(String arg) {
    String[] kv = arg.split("=", 2);
    if (kv.length < 2) {
      throw new IllegalArgumentException("not key=value: " + arg);
    }
    System.setProperty(kv[0], kv[1]);
    System.setProperty("rck." + kv[0], kv[1]);
  }

  /** A file of test names, one a line; # begins a comment. */
  private static Set<String> names(Path file) throws Exception {
    Set<String> found = new HashSet<>();
    for (String line : Files.readAllLines(file)) {
      String name = line.replaceAll("#.*", "").strip();
      if (!name.isEmpty()) {
        found.add(name);
      }
    }
    return found;
  }

  private org.junit.platform.launcher.LauncherDiscoveryRequest request() {
    List<PostDiscoveryFilter> filters = new ArrayList<>();
    filters.add(
        d ->
            FilterResult.includedIf(
                !d.isTest()
                    || d.getSource()
                        .filter(MethodSource.class::isInstance)
                        .map(s -> ((MethodSource) s).getMethodName().matches(only))
                        .orElse(false)));
    return LauncherDiscoveryRequestBuilder.request()
        .configurationParameter("rck.local", String.valueOf(local))
        .selectors(
            extended ? selectClass(ExtendedCatalogTests.class) : selectClass(TABLES),
            selectClass(VIEWS))
        .filters(filters.toArray(PostDiscoveryFilter[]::new))
        .build();
  }

  private Kit() {}
}
