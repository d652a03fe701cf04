/**
 * What operators can ask and order about limits: what they have decided, the buckets of one caller,
 * other rates for a while. As its parent package in everything else.
 */
@NullMarked
package app.avalo.gateway.admin.api.limit;

import org.jspecify.annotations.NullMarked;
