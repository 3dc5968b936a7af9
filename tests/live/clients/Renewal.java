// SPDX-License-Identifier: Apache-2.0
// Renewal.java - Iceberg's Java client asks for namespaces for a while: java -cp KIT Renewal.java URI CATALOG ID:KEY SECONDS
import java.util.Map;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.rest.RESTCatalog;

public class Renewal {
  public static void main(String[] args) throws Exception {
    long end = System.currentTimeMillis() + Long.parseLong(args[3]) * 1000;
    try (RESTCatalog catalog = new RESTCatalog()) {
      catalog.initialize("live", Map.of("uri", args[0], "warehouse", args[1], "credential", args[2], "rest.auth.type", "oauth2",
          "oauth2-server-uri", args[0] + "/v1/oauth/tokens"));
      catalog.createNamespace(Namespace.of("java"));
      do {
        System.out.println(catalog.listNamespaces());
        Thread.sleep(4000);
      } while (System.currentTimeMillis() < end);
    }
  }
}
