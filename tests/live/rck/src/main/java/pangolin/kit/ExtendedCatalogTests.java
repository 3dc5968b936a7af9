/* SPDX-License-Identifier: Apache-2.0 */
package pangolin.kit;

import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests;
import org.junit.jupiter.api.BeforeEach;

/**
 * The kit's table tests with the cases that Iceberg's catalog tests have and the kit leaves off,
 * because its own reference server fails them: nested namespaces, names with slashes and dots.
 */
public class ExtendedCatalogTests extends RESTCompatibilityKitCatalogTests {
  /** Two of the nested tests use the same names, which the kit does not clear between tests. */
  @BeforeEach
  void dropNested() {
    catalog().listNamespaces().forEach(this::dropWithChildren);
  }

  private void dropWithChildren(Namespace namespace) {
    catalog().listNamespaces(namespace).forEach(this::dropWithChildren);
    catalog().listTables(namespace).forEach(catalog()::dropTable);
    catalog().dropNamespace(namespace);
  }

  @Override
  protected boolean supportsNestedNamespaces() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithSlashes() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithDot() {
    return true;
  }
}
