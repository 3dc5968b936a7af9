// SPDX-License-Identifier: Apache-2.0
// Trino.java - starts a Trino server: java -Dconfig=config.properties -cp 'JARS/*' Trino.java VERSION
public class Trino {
  public static void main(String[] args) {
    new io.trino.server.Server().start(args[0]);
  }
}
